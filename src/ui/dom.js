// Elements, made without markup: texts become text nodes and nothing else, so that no datum is ever read as HTML.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'selected', 'open', 'indeterminate', 'readOnly', 'hidden', 'max', 'htmlFor']);
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** An element: `on` holds listeners, `data` the data attributes; null and false leave an attribute out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') Object.entries(value).forEach(([event, listener]) => element.addEventListener(event, listener));
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'class') element.className = value;
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  return fill(element, children);
}

/** An element of a drawing. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  Object.entries(attributes ?? {}).forEach(([name, value]) => element.setAttribute(name, String(value)));
  return fill(element, children);
}

/**
 * Replaces what is in an element. The control that had the focus gets it back, if one with its `data-key` is there again; else the element itself
 * takes it, so that whoever goes by keyboard stays where they were.
 */
export function put(element, ...children) {
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset?.key;
  const [start, end] = key && 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : [];
  element.replaceChildren();
  fill(element, children);
  if (!active) return element;
  const again = key && [...element.querySelectorAll('[data-key]')].find((candidate) => candidate.dataset.key === key);
  if (!again && !element.hasAttribute('tabindex')) element.tabIndex = -1;
  (again || element).focus({ preventScroll: true });
  if (typeof start === 'number' && again && again.setSelectionRange) {
    try { again.setSelectionRange(start, end); } catch { /* Not every kind of input has a selection. */ }
  }
  return element;
}

/** Calls a function when nothing has happened for a while. */
export function settled(wait, act) {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), wait); };
}

let numbers = 0;

/** A fresh id for an element that another one refers to. */
export function fresh(prefix = 'x') {
  numbers += 1;
  return `${prefix}${numbers}`;
}
