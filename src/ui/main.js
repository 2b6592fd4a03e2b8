// Starts the page, knows its parts, and shows the one that the address names.

import { Refusal } from './api.js';
import { h, put } from './dom.js';
import { on } from './embedding.js';
import { speak, t } from './i18n.js';
import { first, opened, spoken } from './opening.js';
import { head, sure, trouble } from './parts.js';
import { viewer } from './session.js';

/** Name in the address, which its module and what the module gives have too, and the part of the add-on that it needs. */
const PAGES = [
  ['dashboard', null],
  ['events', 'events'],
  ['flows', 'flows'],
  ['runs', 'runs'],
  ['explorer', 'explorer'],
  ['entities', 'entities'],
  ['sources', 'sources'],
  ['subscriptions', 'subscriptions'],
  ['secrets', 'secrets'],
  ['activity', 'activity'],
  ['settings', null],
];

/** A page that comes faster than this takes the place of the one before without a word in between. */
const PATIENCE_MS = 250;

const view = h('main', { id: 'view' });
let about = null;
let leaving = new AbortController();
/** Whether what is shown would be lost, and where it is. */
let unsaved = null;
let shown = '';

function paint() {
  document.documentElement.dataset.theme = viewer.theme === 'DARK' ? 'dark' : 'light';
}

function place() {
  const [path, search] = window.location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/').map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  return { name: name || 'dashboard', rest, query: new URLSearchParams(search ?? '') };
}

/** What this add-on has. */
const offered = () => PAGES.filter(([, feature]) => !feature || about.features[feature]).map(([name]) => name);

const load = async (name) => (await import(`./${name}.js`))[name];

/** Fetches the other pages one by one: a page that stays open must be whole, because a newer service has files of other names. */
async function gather() {
  for (const name of offered()) await load(name);
}

function shell() {
  const tabs = offered().map((name) => h('a', { href: `#/${name}`, data: { page: name } }, t(`nav.${name}`)));
  const nav = h('nav', { class: 'tabs', 'aria-label': t('nav.label') }, tabs);
  document.title = about.name;
  const skip = h('a', { class: 'skip', href: '#view', on: { click: (event) => { event.preventDefault(); view.querySelector('h1')?.focus(); } } }, t('nav.skip'));
  document.querySelector('#app')?.remove();
  document.body.prepend(h('div', { id: 'app' }, skip, h('header', { class: 'top' }, h('div', { class: 'brand' }, about.name), nav), view));
}

function mark(name) {
  document.querySelectorAll('.tabs a').forEach((tab) => {
    if (tab.dataset.page === name) { tab.setAttribute('aria-current', 'page'); tab.scrollIntoView?.({ block: 'nearest', inline: 'nearest' }); } else tab.removeAttribute('aria-current');
  });
}

async function show(moved) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  unsaved = null;
  shown = window.location.hash;
  const { name, rest, query } = place();
  const chosen = offered().includes(name) ? name : 'dashboard';
  mark(chosen);
  view.setAttribute('aria-busy', 'true');
  const before = view.firstChild;
  const slow = (moved || !before) && setTimeout(() => { if (view.firstChild === before) put(view, h('div', { class: 'loading', role: 'status' }, t('loading'))); }, before ? PATIENCE_MS : 0);
  try {
    const page = await load(chosen);
    if (!signal.aborted) await page(view, { about, rest, query, signal, again: () => show(false), guard: (asked) => { unsaved = asked; } });
  } catch (error) {
    clearTimeout(slow);
    if (signal.aborted || error.name === 'AbortError') return;
    if (!(error instanceof Refusal)) console.error(error);
    put(view, head(t(`nav.${chosen}`)), trouble(error, () => show(false)));
  }
  clearTimeout(slow);
  if (signal.aborted) return;
  view.removeAttribute('aria-busy');
  view.dataset.shown = shown;
  if (!moved) return;
  window.scrollTo(0, 0);
  // Whoever narrows a list stays at the control that they narrow it with.
  if (!view.contains(document.activeElement) || !document.activeElement.dataset.key) view.querySelector('h1')?.focus({ preventScroll: true });
}

function alone(title, text) {
  document.querySelector('#app')?.remove();
  document.body.prepend(h('div', { id: 'app' }, h('main', { class: 'alone' }, h('h1', {}, title), h('p', {}, text))));
}

async function start() {
  paint();
  await spoken;
  if (!opened) { alone(t('alone.title'), t('alone.text')); return; }
  try {
    about = await first('/ui/about');
  } catch (error) {
    if (error.code === 'admins_only') { alone(t('members.title'), t('members.text')); return; }
    document.querySelector('#app')?.remove();
    document.body.prepend(h('div', { id: 'app' }, h('main', { class: 'alone' }, trouble(error, start))));
    return;
  }
  shell();
  await show(false);
  (window.requestIdleCallback ?? setTimeout)(() => gather().catch(() => {}));
}

/** Goes where the address points; from a page with changes that are not saved only if the viewer says so. */
async function move() {
  if (!about) return;
  const wanted = window.location.hash;
  if (unsaved?.() && wanted !== shown) {
    window.history.replaceState(null, '', shown);
    if (!(await sure(t('editor.leave'), t('editor.leave_text'), t('editor.leave')))) return;
    window.history.replaceState(null, '', wanted);
  }
  await show(true);
}

window.addEventListener('hashchange', move);
// A browser may keep a page that was left as it was, with its stream, and has six connections for all of them.
window.addEventListener('pagehide', () => { if (!unsaved?.()) leaving.abort(); });
window.addEventListener('pageshow', (event) => { if (event.persisted && about && leaving.signal.aborted) show(false); });
// Theme and language are the viewer's: when they change their profile, a fresh token tells what to.
on('refreshAddonToken', async () => {
  const before = [document.documentElement.dataset.theme, document.documentElement.lang];
  paint();
  await speak(viewer.language);
  if (about && before[1] !== document.documentElement.lang) { shell(); await show(false); }
});
start();
