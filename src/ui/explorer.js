// The explorer: every operation of Clockify's API, with a form to try it, what it answered, and what was called before.

import { Refusal, get, post, send } from './api.js';
import { directory, method, operation, operations } from './catalogue.js';
import { h, put } from './dom.js';
import { handOver } from './editor.js';
import { faulted, reasoned } from './explanations.js';
import { number, t } from './i18n.js';
import { brief, tree } from './json.js';
import { badge, blame, button, card, choice, copyable, download, empty, facts, field, head, link, pager, sheet, sure, table } from './parts.js';
import { span, when } from './time.js';
import { bodyForm, valueField } from './values.js';

const ROWS_MAX = 200;
const COLUMNS_MAX = 8;

function rows(data) {
  const list = Array.isArray(data) ? data : data && typeof data === 'object' ? Object.values(data).find((value) => Array.isArray(value) && value.length && typeof value[0] === 'object') : null;
  return list?.length && list.every((row) => row && typeof row === 'object' && !Array.isArray(row)) ? list : null;
}

function rowsTable(list) {
  const plain = (value) => value === null || typeof value !== 'object';
  const names = [...new Set(list.slice(0, 20).flatMap((row) => Object.keys(row).filter((name) => plain(row[name]))))].slice(0, COLUMNS_MAX);
  return table(names.map((name) => [name, (row) => h('span', { class: 'clip', title: brief(row[name], 400) }, row[name] === null || row[name] === undefined ? '' : String(row[name]))]), list.slice(0, ROWS_MAX));
}

/** Makes a call whose answer becomes a file. */
async function fetched(path, body, name) {
  const sentAnswer = await send('POST', path, { query: { download: 'true' }, body, accept: '*/*' });
  // A body that breaks off is no file.
  const file = await sentAnswer.blob().catch(() => { throw new Refusal(0, { code: 'broken_off' }); });
  download(name, file);
}

/** What came of a call. `whole` fetches all of the answer, where calling once more changes nothing. */
function answer(result, chosen, whole) {
  const shown = () => download(`${chosen?.operation_id ?? 'answer'}.json`, result.data !== undefined && result.data !== null ? JSON.stringify(result.data, null, 2) : result.text ?? '');
  const list = rows(result.data);
  const body = h('div', {});
  const views = { json: () => put(body, result.data !== null && result.data !== undefined ? tree(result.data) : h('pre', {}, result.text ?? '')), table: () => put(body, rowsTable(list)), headers: () => put(body, tree(result.headers ?? {})) };
  const good = result.status_code >= 200 && result.status_code < 400;
  views.json();
  return [
    h('div', { class: 'row' }, badge(result.status_code ? String(result.status_code) : t('call.no_answer'), good ? 'good' : 'bad'), h('span', { class: 'soft' }, span(result.latency_ms)), h('span', { class: 'grow' }),
      button('JSON', views.json, { kind: 'quiet' }), list && button(t('call.table'), views.table, { kind: 'quiet' }), button(t('call.headers'), views.headers, { kind: 'quiet' }),
      button(t('call.download'), (result.truncated && whole) || shown, { kind: 'quiet' })),
    result.error && h('p', { class: 'note bad' }, result.error.message ? reasoned(result.error) : String(result.error)),
    result.truncated && h('p', { class: 'note warn' }, t(whole ? 'call.truncated' : 'call.cut')),
    result.request && h('details', { class: 'more' }, h('summary', {}, t('calls.sent')), tree(result.request)),
    result.file && h('p', { class: 'note' }, t('call.file', { name: result.file.name ?? '', bytes: number(result.file.bytes) })),
    body];
}

async function workbench(box, context, id, given) {
  const { about, signal } = context;
  const chosen = await operation(about, id);
  if (signal.aborted) return;
  const params = { path: {}, query: {}, body: undefined, ...structuredClone(given ?? {}) };
  const result = h('div', { 'aria-live': 'polite' });
  const form = h('form', { on: { submit: (event) => event.preventDefault() } });
  const writes = chosen.method !== 'GET';
  const place = `/ui/operations/${encodeURIComponent(id)}/execute`;
  const who = choice([['viewer', t('call.as_viewer')], ['addon', t('call.as_addon')]], 'viewer');
  const set = (place, name) => (value) => { if (value === undefined) delete params[place][name]; else params[place][name] = value; };
  const inputs = (place) => chosen.parameters.filter((parameter) => parameter.in === place && !(parameter.context !== null && parameter.context !== undefined && parameter.name === 'workspaceId')).map((parameter) => {
    params[place] ??= {};
    if (params[place][parameter.name] === undefined && parameter.context !== null && parameter.context !== undefined && parameter.required) params[place][parameter.name] = parameter.context;
    return [parameter.required, valueField({ label: parameter.name, name: `params.${place}.${parameter.name}`, value: params[place][parameter.name], schema: parameter.schema, required: parameter.required, changed: set(place, parameter.name) })];
  });
  const fields = [...inputs('path'), ...inputs('query')];
  const optional = fields.filter(([required]) => !required).map(([, made]) => made);
  const sent = () => ({ params: { path: params.path, query: params.query, ...(params.body !== undefined && { body: params.body }) }, as: who.value });
  async function execute() {
    const body = sent();
    if (writes && body.as === 'addon') {
      if (!(await sure(t('call.sure'), t('call.sure_text', { method: chosen.method }), t('call.execute')))) return;
      body.confirm = true;
    }
    blame(form, []);
    put(result, h('p', { class: 'soft' }, t('call.running')));
    try {
      const made = await post(place, body);
      put(result, answer(made, chosen, !writes && (() => fetched(place, body, `${id}.json`))));
    } catch (error) {
      put(result);
      if (!error.fields?.length) throw error;
      const rest = blame(form, error.fields);
      if (rest.length) put(result, h('ul', { class: 'plain fault' }, rest.map((fault) => h('li', {}, h('code', {}, fault.field), ' ', faulted(fault)))));
    }
  }
  const run = button(t('call.execute'), execute, { kind: 'primary', disabled: chosen.allowed === false, key: 'execute' });
  form.addEventListener('submit', () => run.click());
  put(form, fields.filter(([required]) => required).map(([, made]) => made),
    optional.length > 0 && h('details', { class: 'more', open: optional.length <= 4 && !chosen.body }, h('summary', {}, t('form.optional_of', { count: optional.length })), optional),
    chosen.body && bodyForm({ name: 'params.body', schema: chosen.body.schema, value: params.body, changed: (value) => { params.body = value; } }),
    h('div', { class: 'two' }, field(t('call.as'), who, { hint: t('call.as_hint') })),
    chosen.allowed === false && h('p', { class: 'note warn' }, chosen.refusal ?? t('call.refused')),
    h('div', { class: 'actions' }, run,
      button(t('call.to_flow'), () => { handOver({ name: chosen.summary ?? '', actions: [{ type: 'CLOCKIFY_API', operation_id: id, params: sent().params }] }); window.location.hash = '#/flows/new'; }),
      chosen.file && button(t('call.download'), () => fetched(place, sent(), `${id}.bin`))));
  put(box,
    card([method(chosen.method), ' ', h('span', { lang: 'en' }, chosen.summary || chosen.operation_id)], h('div', {},
      h('p', {}, h('code', {}, chosen.path)), h('p', { class: 'soft small' }, chosen.operation_id, chosen.scope ? ` · ${chosen.scope}` : '', chosen.deprecated ? ` · ${t('operations.deprecated')}` : '', chosen.heavy ? ` · ${t('operations.heavy')}` : ''), form)),
    card(t('call.answer'), result),
    chosen.curl && h('details', { class: 'card more' }, h('summary', {}, 'cURL'), copyable(chosen.curl, 'cURL')));
  put(result, h('p', { class: 'soft' }, t('call.not_yet')));
}

async function history(view, { signal, query, again }) {
  const filter = { outcome: query.get('outcome') ?? '', offset: Number(query.get('offset') ?? 0) };
  const go = (changes) => { const next = new URLSearchParams(Object.entries({ ...filter, offset: 0, ...changes }).filter(([, value]) => value)); window.location.hash = `#/explorer/history${next.size ? `?${next}` : ''}`; };
  const { calls, pagination } = await get('/ui/api-calls', { ...filter, limit: 25 }, signal);
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.explorer'), '#/explorer')),
    head(t('calls.title'), [], t('calls.lead')),
    h('div', { class: 'filters' }, field(t('calls.outcome'), choice([['', t('filter.all')], ['ok', t('calls.ok')], ['failed', t('calls.failed')]], filter.outcome, { on: { change: (event) => go({ outcome: event.target.value }) } }))),
    sheet(t('calls.title'), calls.length ? [table([
      [t('calls.operation'), (call) => h('div', { class: 'row' }, method(call.method), link(call.operation_id, `#/explorer/calls/${call.id}`))],
      [t('calls.status'), (call) => badge(call.status_code ? String(call.status_code) : t('call.no_answer'), call.status_code >= 200 && call.status_code < 400 ? 'good' : 'bad')],
      [t('call.as'), (call) => t(`call.as_${call.as}`)],
      [t('calls.took'), (call) => span(call.latency_ms)],
      [t('calls.at'), (call) => when(call.created_at)],
    ], calls, { href: (call) => `#/explorer/calls/${call.id}` }), pager(pagination, (offset) => go({ offset }))] : empty(t('calls.empty'), t('calls.empty_text'), link(t('nav.explorer'), '#/explorer', { class: 'button' }))));
}

async function past(view, { rest: [, id], signal }) {
  const call = await get(`/ui/api-calls/${id}`, {}, signal);
  const result = h('div', {});
  put(view,
    h('p', { class: 'crumbs' }, link(t('calls.title'), '#/explorer/history')),
    head(call.operation_id, [
      button(t('calls.again'), async () => {
        if (call.method !== 'GET' && !(await sure(t('calls.again'), t('call.sure_text', { method: call.method }), t('calls.again')))) return;
        const place = `/ui/api-calls/${id}/run-again`;
        put(result, answer(await post(place, { confirm: true }), call, call.method === 'GET' && (() => fetched(place, { confirm: true }, `${call.operation_id}.json`))));
      }, { kind: 'primary' }),
      button(t('calls.edit'), () => { edited = { id: call.operation_id, params: call.params }; window.location.hash = `#/explorer/${encodeURIComponent(call.operation_id)}`; }),
      button(t('call.to_flow'), async () => { handOver({ actions: [await get(`/ui/api-calls/${id}/action`)] }); window.location.hash = '#/flows/new'; }),
    ]),
    h('div', { class: 'columns' },
      card(t('calls.about'), facts([[t('calls.operation'), h('span', { class: 'row' }, method(call.method), h('code', {}, call.path))], [t('calls.status'), String(call.status_code ?? t('call.no_answer'))], [t('call.as'), t(`call.as_${call.as}`)], [t('calls.took'), span(call.latency_ms)], [t('calls.at'), when(call.created_at)]])),
      card(t('calls.sent'), tree(call.params ?? {})),
      card(t('call.answer'), h('div', {}, result, kept(call.response?.body)))));
}

/** What was kept of a body: JSON where it is some, else the text. */
function kept(body) {
  if (typeof body !== 'string') return tree(body ?? null);
  try { return tree(JSON.parse(body)); } catch { return h('pre', {}, body); }
}

let edited = null;

/** The explorer, its history, or one call. */
export async function explorer(view, context) {
  const { about, rest: [id], signal } = context;
  if (id === 'history') return history(view, context);
  if (id === 'calls') return past(view, context);
  const list = await operations(about);
  const bench = h('div', { class: 'bench' });
  const given = edited && edited.id === id ? edited.params : null;
  edited = null;
  put(view,
    head(t('nav.explorer'), [link(t('calls.title'), '#/explorer/history', { class: 'button' })], t('explorer.lead')),
    h('div', { class: 'explorer' }, card(t('explorer.operations', { count: number(list.length) }), directory(list, (one) => { window.location.hash = `#/explorer/${encodeURIComponent(one.operation_id)}`; }, { current: id })), bench));
  if (id) await workbench(bench, context, id, given);
  else put(bench, card(t('call.answer'), empty(t('explorer.none'), t('explorer.none_text'))));
  if (id && !signal.aborted && window.matchMedia('(max-width: 900px)').matches) bench.scrollIntoView();
  return null;
}
