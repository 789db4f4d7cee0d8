/** The highlights of a search: HTML of ours with `<mark>` alone, taken apart and never put in as HTML. */
export interface Part {
  text: string;
  isMarked: boolean;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };

function plain(html: string): string {
  return html.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

export function marked(html: string | null, otherwise: string): Part[] {
  if (html === null) return [{ text: otherwise, isMarked: false }];
  let isMarked = false;
  const parts: Part[] = [];
  for (const piece of html.split(/(<\/?mark>)/)) {
    if (piece === '<mark>' || piece === '</mark>') isMarked = piece === '<mark>';
    else if (piece !== '') parts.push({ text: plain(piece), isMarked });
  }
  return parts;
}
