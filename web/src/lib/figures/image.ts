/** A chart as a file, in the colours that are looked at; loaded when one is wanted. */
import * as core from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { save } from '$lib/api/download';
import { appearance } from '$lib/theme.svelte';
import './echarts';
import type { Drawn } from './offered.svelte';
import { palette } from './palette';

core.use([SVGRenderer]);

export type Format = 'png' | 'svg';
const SHARP = 2;

export async function takeImage({ draw, width, height }: Drawn, name: string, format: Format): Promise<void> {
  const colours = palette(appearance.isDark);
  // Nobody zooms an image; and it is whole at once, where a page may be drawn piece by piece.
  const option = { ...draw(colours), backgroundColor: colours.surface, dataZoom: undefined, progressive: 0 };
  const size = { width, height };
  const chart =
    format === 'svg'
      ? core.init(null, null, { ...size, renderer: 'svg', ssr: true })
      : core.init(document.createElement('div'), null, { ...size, renderer: 'canvas', devicePixelRatio: SHARP });
  try {
    chart.setOption(option);
    save(format === 'svg' ? svg(chart) : await png(chart), `${name}.${format}`);
  } finally {
    chart.dispose();
  }
}

function svg(chart: core.ECharts): Blob {
  return new Blob([chart.renderToSVGString()], { type: 'image/svg+xml' });
}

async function png(chart: core.ECharts): Promise<Blob> {
  const canvas = chart.renderToCanvas({ pixelRatio: SHARP });
  return new Promise((told, failed) =>
    canvas.toBlob((blob) => (blob ? told(blob) : failed(new Error('the browser makes no image of it')))),
  );
}
