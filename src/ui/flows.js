// Flows: which there are, which are on, how they do; templates, and taking them along.

import { get, post, put as replace, remove } from './api.js';
import { h, put } from './dom.js';
import { editor } from './editor.js';
import { number, t, words } from './i18n.js';
import { badge, blame, button, card, choice, dialog, download, empty, field, head, link, say, sure, table, text, toggle } from './parts.js';
import { when } from './time.js';

async function turn(about, flow, on) {
  if (about.features.switch) { await post(`/ui/flows/${flow.id}/${on ? 'enable' : 'disable'}`, {}); return; }
  const whole = await get(`/ui/flows/${flow.id}`);
  await replace(`/ui/flows/${flow.id}`, { ...definition(whole), enabled: on }, whole.version);
}

const NOT_OF_THE_DEFINITION = ['status', 'id', 'workspace_id', 'version', 'created_at', 'updated_at', 'stats', 'paused', 'last_run'];

/** What of a shown flow can be sent back. */
export const definition = (flow) => Object.fromEntries(Object.entries(flow).filter(([name, value]) => !NOT_OF_THE_DEFINITION.includes(name) && value !== null));

const triggers = (flow) => {
  if (flow.trigger_source === 'SCHEDULE') return flow.schedule ? [h('code', {}, flow.schedule.cron), ' ', flow.schedule.time_zone] : t('source.schedule');
  const types = flow.trigger_event_types;
  if (!types.length) return t('flow.any_event');
  return types.length > 2 ? `${words(types[0])} +${types.length - 1}` : types.map(words).join(', ');
};

function rate(flow) {
  const { stats } = flow;
  if (!stats || !stats.runs_24h) return h('span', { class: 'soft' }, t('flow.no_runs'));
  const share = Math.round((stats.succeeded / stats.runs_24h) * 100);
  return h('span', {}, badge(`${share} %`, share >= 95 ? 'good' : share >= 70 ? 'warn' : 'bad'), ' ', h('span', { class: 'soft' }, t('flow.runs_day', { count: number(stats.runs_24h) })));
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
  const more = (flow) => h('div', { class: 'actions' },
    features.duplicate && button(t('do.duplicate'), async () => { await post(`/ui/flows/${flow.id}/duplicate`, {}); say(t('done.duplicated'), 'success'); again(); }, { kind: 'quiet' }),
    features.transfer && button(t('do.export'), () => give(about, flow), { kind: 'quiet' }),
    button(t('do.delete'), async () => {
      if (!(await sure(t('flow.delete'), t('flow.delete_text', { name: flow.name }), t('do.delete')))) return;
      await remove(`/ui/flows/${flow.id}`);
      say(t('done.deleted'), 'success');
      again();
    }, { kind: 'quiet' }));
  put(view,
    head(t('nav.flows'), [
      features.transfer && button(t('do.import'), () => take(again)),
      features.transfer && flows.length > 0 && button(t('do.export_all'), () => give(about)),
      features.templates && link(t('templates.title'), '#/flows/templates', { class: 'button' }),
      link(t('flows.new'), '#/flows/new', { class: 'button primary' }),
    ], t('flows.lead')),
    card(t('nav.flows'), flows.length ? table([
      [t('flow.on'), (flow) => toggle(t('flow.on_of', { name: flow.name }), flow.enabled, (on) => turn(about, flow, on))],
      [t('flow.name'), (flow) => h('div', {}, link(flow.name, `#/flows/${flow.id}`), flow.paused && [' ', badge(t('flow.paused'), 'warn')], flow.description && h('div', { class: 'soft small clip' }, flow.description))],
      [t('flow.when'), (flow) => triggers(flow)],
      ...(flows.some((flow) => flow.stats) ? [[t('flow.rate'), rate]] : []),
      [t('flow.runs'), (flow) => link(t('do.look'), `#/runs?flow_id=${flow.id}`)],
      [t('flow.changed'), (flow) => when(flow.updated_at)],
      ['', more],
    ], flows) : empty(t('flows.empty'), t('flows.empty_text'), link(t('flows.new'), '#/flows/new', { class: 'button primary' }), features.templates && link(t('templates.title'), '#/flows/templates', { class: 'button' }))));
}

/** Where a parameter's entities are in the cache. */
const CACHED = { project: 'projects', tag: 'tags', group: 'user-groups', client: 'clients', user: 'users', task: 'tasks' };

/** A control for a parameter: of what is cached one chooses by name, everything else is written. */
async function control(about, parameter) {
  if (['flag', 'boolean'].includes(parameter.type)) return h('input', { type: 'checkbox', checked: parameter.default === true });
  const type = about.features.entities && CACHED[parameter.type];
  const known = type ? await get('/ui/entities', { type, limit: 100 }).then((answer) => answer.entities, () => []) : [];
  if (known.length) return choice([...(parameter.required ? [] : [['', '–']]), ...known.map(({ id, name }) => [id, name ?? id])], parameter.default);
  return text(parameter.default ?? '', { required: parameter.required });
}

/** What a control says, as a parameter. */
function said(parameter, input) {
  if (input.type === 'checkbox') return input.checked;
  return ['number', 'integer'].includes(parameter.type) ? Number(input.value) : input.value;
}

async function filled(about, template) {
  const controls = await Promise.all((template.parameters ?? []).map((parameter) => control(about, parameter)));
  return dialog(template.name, (close) => {
    const inputs = (template.parameters ?? []).map((parameter, at) => {
      const control = controls[at];
      return [parameter, control, field(parameter.label ?? parameter.name, control, { name: `parameters.${parameter.name}`, hint: parameter.required ? null : t('form.optional') })];
    });
    const form = h('form', {}, h('p', { class: 'soft' }, template.description), inputs.map(([, , shown]) => shown));
    const make = button(t('templates.use'), async () => {
      const parameters = Object.fromEntries(inputs.filter(([, control]) => control.value !== '').map(([parameter, control]) => [parameter.name, said(parameter, control)]));
      try {
        close(await post(`/ui/flow-templates/${encodeURIComponent(template.id)}`, { parameters }));
      } catch (error) {
        if (!error.fields?.length || blame(form, error.fields).length) throw error;
      }
    }, { kind: 'primary' });
    return [form, h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), make)];
  });
}

async function templates(view, { about, signal }) {
  const answer = await get('/ui/flow-templates', {}, signal);
  const groups = Map.groupBy ? Map.groupBy(answer.templates, ({ category }) => category ?? '') : new Map([['', answer.templates]]);
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.flows'), '#/flows')),
    head(t('templates.title'), [], t('templates.lead')),
    [...groups].map(([category, members]) => card(category || t('templates.title'), h('div', { class: 'gallery' }, members.map((template) => h('article', { class: 'offer' },
      h('h3', {}, template.name), h('p', { class: 'soft' }, template.description),
      button(t('templates.use'), async () => {
        const flow = await filled(about, template);
        if (flow) { say(t('templates.made'), 'success'); window.location.hash = `#/flows/${flow.id}`; }
      })))))));
}

/** Flows, one of them, or the templates. */
export function flows(view, context) {
  const [id] = context.rest;
  if (id === 'templates' && context.about.features.templates) return templates(view, context);
  return id ? editor(view, context) : list(view, context);
}
