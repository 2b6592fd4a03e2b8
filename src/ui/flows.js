// Flows: which there are, which are on, how they do; templates, and taking them along.

import { get, post, put as replace, remove } from './api.js';
import { h, put } from './dom.js';
import { editor } from './editor.js';
import { eventName, number, t } from './i18n.js';
import { badge, button, download, empty, head, link, say, sheet, sure, table, toggle } from './parts.js';
import { templates } from './templates.js';
import { when } from './time.js';

async function turn(about, flow, on) {
  if (about.features.switch) { await post(`/ui/flows/${flow.id}/${on ? 'enable' : 'disable'}`, {}); return; }
  const whole = await get(`/ui/flows/${flow.id}`);
  await replace(`/ui/flows/${flow.id}`, { ...definition(whole), enabled: on }, whole.version);
}

const NOT_OF_THE_DEFINITION = ['status', 'id', 'workspace_id', 'version', 'created_at', 'updated_at', 'stats', 'paused', 'next_run_at', 'managed_by'];

/** What of a shown flow can be sent back. */
export const definition = (flow) => Object.fromEntries(Object.entries(flow).filter(([name, value]) => !NOT_OF_THE_DEFINITION.includes(name) && value !== null));

const triggers = (flow) => {
  if (flow.trigger_source === 'SCHEDULE') return flow.schedule ? h('div', {}, h('code', { class: 'cron' }, flow.schedule.cron), ' ', h('span', { class: 'small' }, flow.schedule.time_zone), flow.next_run_at && h('div', { class: 'soft small' }, t('flow.next'), ' ', when(flow.next_run_at))) : t('source.schedule');
  const types = flow.trigger_event_types;
  if (!types.length) return t('flow.any_event');
  return h('span', { title: types.map(eventName).join(', ') }, types.length > 2 ? `${eventName(types[0])} +${types.length - 1}` : types.map(eventName).join(', '));
};

function rate(flow) {
  const { stats } = flow;
  if (!stats || !stats.runs_24h) return h('span', { class: 'soft' }, t('flow.no_runs'));
  const share = Math.round((stats.succeeded / stats.runs_24h) * 100);
  return h('span', {}, badge(`${share} %`, share >= 95 ? 'good' : share >= 70 ? 'warn' : 'bad'), ' ', h('span', { class: 'soft', title: t('flow.of_runs') }, `${number(stats.succeeded)} / ${number(stats.runs_24h)}`));
}

function file() {
  return new Promise((resolve) => {
    const input = h('input', { type: 'file', accept: 'application/json,.json' });
    input.addEventListener('change', () => resolve(input.files[0] ?? null));
    input.addEventListener('cancel', () => resolve(null));
    input.click();
  });
}

async function take(again) {
  const chosen = await file();
  if (!chosen) return;
  let document;
  try { document = JSON.parse(await chosen.text()); } catch { say(t('flows.no_json'), 'error'); return; }
  const { created } = await post('/ui/flow-import', document);
  say(t('flows.imported', { count: created.length }), 'success');
  again();
}

async function give(about, flow) {
  const answer = await get('/ui/flow-export', flow ? { id: flow.id } : {});
  download(flow ? `${flow.name.replace(/[^\w-]+/g, '-').toLowerCase()}.json` : 'flows.json', JSON.stringify(answer, null, 2));
}

async function list(view, { about, signal, again }) {
  const { flows } = await get('/ui/flows', {}, signal);
  const { features } = about;
  const resume = (flow) => flow.paused && features.switch && button(t('flow.resume'), async () => { await turn(about, flow, true); again(); }, { kind: 'quiet' });
  const more = (flow) => (flow.managed_by ? resume(flow) : h('div', { class: 'actions' },
    resume(flow),
    features.duplicate && button(t('do.duplicate'), async () => { await post(`/ui/flows/${flow.id}/duplicate`, {}); say(t('done.duplicated'), 'success'); again(); }, { kind: 'quiet' }),
    features.transfer && button(t('do.export'), () => give(about, flow), { kind: 'quiet' }),
    button(t('do.delete'), async () => {
      if (!(await sure(t('flow.delete'), t('flow.delete_text', { name: flow.name }), t('do.delete')))) return;
      await remove(`/ui/flows/${flow.id}`);
      say(t('done.deleted'), 'success');
      again();
    }, { kind: 'quiet' })));
  put(view,
    head(t('nav.flows'), [
      features.transfer && button(t('do.import'), () => take(again)),
      features.transfer && flows.length > 0 && button(t('do.export_all'), () => give(about)),
      features.templates && link(t('templates.title'), '#/flows/templates', { class: 'button' }),
      link(t('flows.new'), '#/flows/new', { class: 'button primary' }),
    ], t('flows.lead')),
    sheet(t('nav.flows'), flows.length ? table([
      [t('flow.on'), (flow) => (flow.managed_by ? badge(t('flow.on'), 'good') : toggle(t('flow.on_of', { name: flow.name }), flow.enabled, (on) => turn(about, flow, on)))],
      [t('flow.name'), (flow) => h('div', {},
        h('span', { class: 'clip', title: flow.name }, link(flow.name, `#/flows/${flow.id}`), flow.paused && [' ', badge(t('flow.paused'), 'warn')]),
        flow.managed_by ? h('div', { class: 'soft small' }, t('flow.managed'), ' ', link(t.maybe(`setting.${flow.managed_by}`) ?? flow.managed_by, '#/settings')) : flow.description && h('div', { class: 'soft small clip', title: flow.description }, flow.description))],
      [t('flow.when'), (flow) => triggers(flow)],
      ...(flows.some((flow) => flow.stats) ? [[t('flow.rate'), rate]] : []),
      [t('flow.runs'), (flow) => link(t('do.look'), `#/runs?flow_id=${flow.id}`)],
      [t('flow.changed'), (flow) => when(flow.updated_at)],
      ['', more],
    ], flows) : empty(t('flows.empty'), t('flows.empty_text'), link(t('flows.new'), '#/flows/new', { class: 'button primary' }), features.templates && link(t('templates.title'), '#/flows/templates', { class: 'button' }))));
}

/** Flows, one of them, or the templates. */
export function flows(view, context) {
  const [id] = context.rest;
  if (id === 'templates' && context.about.features.templates) return templates(view, context);
  return id ? editor(view, context) : list(view, context);
}
