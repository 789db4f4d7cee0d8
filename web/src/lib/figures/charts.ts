/** What charts look like: one hand for all of them. */
import type { EChartsCoreOption } from 'echarts/core';
import { date, inUnit, short, type Unit } from '$lib/format';
import type { Palette } from './palette';

export type Draw = (colours: Palette) => EChartsCoreOption;
export type Point = [at: string, value: number | null];

export interface Series {
  name: string;
  points: Point[];
  /** `band` is a pair of bounds around what is forecast. */
  band?: [at: string, low: number, high: number][];
  kind?: 'line' | 'bar';
  stack?: string;
  isDashed?: boolean;
  /** Days that were odd. */
  marks?: { at: string; value: number; words: string }[];
}

export interface TimeOptions {
  unit?: Unit;
  zooms?: boolean;
  /** Instants that something happened at, a release for one. */
  lines?: { at: string; words: string }[];
}

/** Tooltips are nodes, not markup: nothing that a stranger wrote is read as HTML. */
export function tip(title: string, rows: [colour: string | null, name: string, value: string][]): HTMLElement {
  const box = document.createElement('div');
  const head = document.createElement('strong');
  head.textContent = title;
  box.append(head);
  for (const [colour, name, value] of rows) {
    const row = document.createElement('div');
    row.style.cssText = 'display:flex;gap:0.5rem;align-items:baseline';
    const dot = document.createElement('span');
    dot.style.cssText = `width:8px;height:8px;border-radius:99px;background:${colour ?? 'transparent'}`;
    const label = document.createElement('span');
    label.textContent = name;
    const told = document.createElement('span');
    told.style.cssText = 'margin-inline-start:auto;font-variant-numeric:tabular-nums';
    told.textContent = value;
    row.append(dot, label, told);
    box.append(row);
  }
  return box;
}

export function tooltip(colours: Palette): EChartsCoreOption {
  return {
    confine: true,
    // What glides is painted for each of its frames, on top of those of a zoom; so is what a wheel shows.
    transitionDuration: 0,
    triggerOn: 'mousemove|click',
    backgroundColor: colours.surface,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontFamily: colours.font, fontSize: 12 },
    extraCssText: 'box-shadow:0 4px 16px rgb(0 0 0 / 15%)',
  };
}

export function base(colours: Palette): EChartsCoreOption {
  return {
    animation: false,
    color: colours.series,
    textStyle: { fontFamily: colours.font, color: colours.ink },
    grid: { left: 4, right: 12, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
  };
}

export function valueAxis(colours: Palette, unit: Unit = 'count'): EChartsCoreOption {
  return {
    type: 'value',
    axisLabel: {
      color: colours['ink-soft'],
      fontSize: 11,
      formatter: (value: number) => (unit === 'count' ? short(value) : inUnit(value, unit)),
    },
    splitLine: { lineStyle: { color: colours.line } },
    minInterval: unit === 'count' || unit === 'lines' ? 1 : undefined,
  };
}

export function timeAxis(colours: Palette): EChartsCoreOption {
  return {
    type: 'time',
    axisLabel: { color: colours['ink-soft'], fontSize: 11, hideOverlap: true },
    axisLine: { lineStyle: { color: colours['line-strong'] } },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

export function legend(colours: Palette): EChartsCoreOption {
  return {
    type: 'scroll', top: 0, left: 0, itemWidth: 12, itemHeight: 8, icon: 'roundRect',
    textStyle: { color: colours['ink-soft'], fontSize: 12 },
  };
}

type Hover = { seriesName: string; color: string; value: [string, number | null]; seriesId?: string };

const MANY_HOURS = 96;
/** From here on a point has hardly a pixel: bars would be a surface, and thick lines cost most of a frame. */
const MANY_POINTS = 400;

/** Long spans of hours as days, so that the axis has round numbers. */
function inDays(series: Series[]): Series[] {
  const days = (hours: number): number => hours / 24;
  return series.map((one) => ({
    ...one,
    points: one.points.map(([at, value]) => [at, value === null ? null : days(value)]),
    ...(one.band ? { band: one.band.map(([at, low, high]) => [at, days(low), days(high)] as const) } : {}),
  })) as Series[];
}

/** Series over time: lines or bars, with bands, marks and the events of the time. */
export function overTime(given: Series[], { unit: told = 'count', zooms = true, lines = [] }: TimeOptions = {}): Draw {
  const most = Math.max(...given.flatMap((one) => one.points.map(([, value]) => value ?? 0)), 0);
  const isLong = told === 'hours' && most > MANY_HOURS;
  const series = isLong ? inDays(given) : given;
  const unit = isLong ? 'days' : told;
  return (colours) => {
    const isMany = series.length > 1;
    const drawn = series.flatMap((one, position) => {
      const colour = colours.series[position % colours.series.length] as string;
      return [...band(one, colour), main(one, colour, colours, position === 0 ? lines : [])];
    });
    return {
      ...base(colours),
      grid: { ...(base(colours).grid as object), top: isMany ? 34 : lines.length > 0 ? 22 : 12, bottom: zooms ? 34 : 4 },
      legend: isMany ? { ...legend(colours), data: series.map((one) => one.name) } : undefined,
      tooltip: {
        ...tooltip(colours),
        trigger: 'axis',
        formatter: (hovered: Hover[]) => {
          const shown = hovered.filter((one) => !one.seriesName.startsWith('\0'));
          // As it was told: where the axis has it is midnight of the reader's own zone.
          return tip(date(hovered[0]?.value[0]), shown.map((one) => [one.color, one.seriesName, inUnit(one.value[1], unit)]));
        },
      },
      xAxis: timeAxis(colours),
      yAxis: valueAxis(colours, unit),
      dataZoom: zooms
        ? [
            { type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false },
            {
              type: 'slider', height: 18, bottom: 4, borderColor: 'transparent',
              backgroundColor: colours.sunken, fillerColor: colours['accent-ground'],
              handleStyle: { color: colours.surface, borderColor: colours['line-strong'] },
              moveHandleSize: 0, showDetail: false, showDataShadow: false, brushSelect: false,
            },
          ]
        : undefined,
      series: drawn,
    };
  };
}

function main(one: Series, colour: string, colours: Palette, lines: { at: string; words: string }[]): object {
  const isDense = one.points.length > MANY_POINTS;
  const type = isDense && !one.stack ? 'line' : (one.kind ?? 'line');
  return {
    name: one.name,
    type,
    data: one.points,
    stack: one.stack,
    color: colour,
    barMaxWidth: 18,
    // More than there are pixels: what is drawn keeps the shape of a line, and the peaks of bars.
    sampling: type === 'bar' ? 'max' : 'lttb',
    showSymbol: one.points.some((_, place) => isAlone(one.points, place)),
    symbolSize: 5,
    lineStyle: { width: isDense ? 1 : 1.6, type: one.isDashed ? 'dashed' : 'solid' },
    markPoint:
      one.marks && one.marks.length > 0
        ? {
            symbol: 'circle',
            symbolSize: 11,
            itemStyle: { color: 'transparent', borderColor: colours.bad, borderWidth: 2 },
            label: { show: false },
            data: one.marks.map((mark) => ({ coord: [mark.at, mark.value], name: mark.words })),
            tooltip: { trigger: 'item', formatter: ({ name }: { name: string }) => tip(name, []) },
          }
        : undefined,
    markLine:
      lines.length > 0
        ? {
            silent: true,
            symbol: 'none',
            lineStyle: { color: colours['line-strong'], type: 'dotted' },
            label: { color: colours['ink-soft'], fontSize: 10, position: 'end', rotate: 0, distance: 4, formatter: '{b}' },
            data: lines.map((line) => ({ xAxis: line.at, name: line.words })),
          }
        : undefined,
  };
}

/** Whether nothing is known on either side of it: a line through it would be none. */
function isAlone(points: Point[], place: number): boolean {
  const isKnown = (at: number): boolean => (points[at]?.[1] ?? null) !== null;
  return isKnown(place) && !isKnown(place - 1) && !isKnown(place + 1);
}

/** Two stacked lines: what is below is not painted, what lies between is. */
function band(one: Series, colour: string): object[] {
  if (!one.band) return [];
  const shared = {
    type: 'line', stack: `\0${one.name}`, symbol: 'none', silent: true, lineStyle: { opacity: 0 },
    stackStrategy: 'all', color: colour,
  };
  return [
    { ...shared, name: `\0low ${one.name}`, data: one.band.map(([at, low]) => [at, low]) },
    {
      ...shared, name: `\0high ${one.name}`, areaStyle: { opacity: 0.18 },
      data: one.band.map(([at, low, high]) => [at, high - low]),
    },
  ];
}
