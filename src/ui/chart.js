// Bars by the hour, as a small drawing; what it comes to stands below it in words.

import { h, put, svg } from './dom.js';
import { number } from './i18n.js';

const HEIGHT = 120;
const GROUND = 20;
/** Room for a label and what is beside it, in pixels. */
const LABEL = 64;

/** The drawing for a width: its units are the page's pixels, so that words and lines are as large as everywhere else. */
function drawn(width, labels, series) {
  const totals = labels.map((_, at) => series.reduce((sum, { values }) => sum + values[at], 0));
  const most = Math.max(1, ...totals);
  const step = width / labels.length;
  const gap = Math.min(2, step / 6);
  const every = Math.ceil(LABEL / step);
  return labels.flatMap((label, at) => {
    let top = HEIGHT - GROUND;
    const group = svg('g', {}, svg('title', {}, `${label}: ${series.map(({ name, values }) => `${name} ${values[at]}`).join(', ')}`));
    group.append(svg('rect', { x: at * step, y: 0, width: step, height: HEIGHT - GROUND, class: 'bar-ground' }));
    for (const { tone, values } of series) {
      const height = (values[at] / most) * (HEIGHT - GROUND - 10);
      if (!height) continue;
      top -= height;
      group.append(svg('rect', { x: at * step + gap, y: top, width: step - 2 * gap, height, rx: 1, class: `bar ${tone}` }));
    }
    const told = at % every === 0 && at * step + LABEL <= width;
    return told ? [group, svg('text', { x: at * step + gap, y: HEIGHT - 4, class: 'bar-label' }, label)] : [group];
  });
}

/** Bars: `series` are `{name, tone, values}` of the same length, stacked; `labels` name the places. They follow the room that there is. */
export function bars(title, labels, series) {
  const drawing = svg('svg', { class: 'bars', role: 'img', 'aria-label': title });
  let wide = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (!width || width === wide) return;
    wide = width;
    drawing.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    put(drawing, drawn(width, labels, series));
  }).observe(drawing);
  const legend = h('ul', { class: 'legend' }, series.map(({ name, tone, values }) => h('li', {}, h('span', { class: `dot ${tone}` }), `${name}: ${number(values.reduce((sum, value) => sum + value, 0))}`)));
  return h('figure', { class: 'chart' }, drawing, legend);
}
