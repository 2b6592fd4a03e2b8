// Bars by the hour, as a small drawing with a table for those who do not see it.

import { h, svg } from './dom.js';
import { number } from './i18n.js';

/** As wide as it is shown at most, so that its words keep their size; half of that where there is no room. */
const WIDE = 560;
const NARROW = 360;
const HEIGHT = 120;
const GROUND = 18;

/** Bars: `series` are `{name, tone, values}` of the same length, stacked; `labels` name the places. */
export function bars(title, labels, series) {
  const WIDTH = window.matchMedia('(max-width: 560px)').matches ? NARROW : WIDE;
  const totals = labels.map((_, at) => series.reduce((sum, { values }) => sum + values[at], 0));
  const most = Math.max(1, ...totals);
  const step = WIDTH / labels.length;
  const shapes = [];
  labels.forEach((label, at) => {
    let top = HEIGHT - GROUND;
    const group = svg('g', {}, svg('title', {}, `${label}: ${series.map(({ name, values }) => `${name} ${values[at]}`).join(', ')}`));
    group.append(svg('rect', { x: at * step, y: 0, width: step, height: HEIGHT - GROUND, class: 'bar-ground' }));
    for (const { tone, values } of series) {
      const height = (values[at] / most) * (HEIGHT - GROUND - 10);
      if (!height) continue;
      top -= height;
      group.append(svg('rect', { x: at * step + 2, y: top, width: step - 4, height, rx: 1, class: `bar ${tone}` }));
    }
    shapes.push(group);
    if (at % Math.ceil(labels.length / (WIDTH / 70)) === 0 && (at + 2) * step < WIDTH) shapes.push(svg('text', { x: at * step + 2, y: HEIGHT - 4, class: 'bar-label' }, label));
  });
  const drawing = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'bars', role: 'img', 'aria-label': title }, ...shapes);
  const legend = h('ul', { class: 'legend' }, series.map(({ name, tone, values }) => h('li', {}, h('span', { class: `dot ${tone}` }), `${name}: ${number(values.reduce((sum, value) => sum + value, 0))}`)));
  return h('figure', { class: 'chart' }, drawing, legend);
}
