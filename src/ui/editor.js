// One flow, made by clicking: when, if, then; with a real event beside it, and what it would do.

import { list } from './actions.js';
import { get, post, put as replace } from './api.js';
import { add, conditions } from './conditions.js';
import { h, put, settled } from './dom.js';
import { definition } from './flows.js';
import { explain, faulted, reasoned } from './explanations.js';
import { eventName, t } from './i18n.js';
import { brief, tree } from './json.js';
import { badge, blame, button, byName, card, choice, complain, dialog, empty, field, head, link, say, table, text, toggle } from './parts.js';
import { pickValue } from './picker.js';
import { moment, when } from './time.js';
import { isPath, isTemplate, resolve } from './values.js';

const PREVIEW_WAIT_MS = 600;
const SAMPLES = 30;

const BLANK = { name: '', description: '', enabled: true, trigger_source: 'CLOCKIFY', trigger_event_types: [], actions: [] };

async function loaded({ rest: [id], query, signal }) {
  if (id !== 'new') {
    const flow = await get(`/ui/flows/${id}`, {}, signal);
    return { flow, draft: definition(flow) };
  }
  const draft = structuredClone(BLANK);
  const handed = sessionDraft();
  if (handed) Object.assign(draft, handed);
  const event = query.get('event');
  return { flow: null, draft, event };
}

let handedOver = null;
/** Hands an action to the editor of a new flow. */
export function handOver(draft) { handedOver = draft; }
function sessionDraft() { const draft = handedOver; handedOver = null; return draft; }

/** The editor's state: the draft, and the sample it is tried with. */
class Work {
  constructor(about, flow, draft) {
    Object.assign(this, { about, flow, draft, event: null, answers: new Map(), dirty: false });
    this.draft.conditions ??= { type: 'ALL', rules: [] };
  }

  /** What goes out: without an empty group. */
  get sent() {
    const { conditions: group, ...rest } = this.draft;
    return group.rules.length ? this.draft : rest;
  }

  context() {
    const context = { webhook: this.event?.payload, event: this.event ? { id: this.event.id, type: this.event.event_type } : undefined, workspace: { id: this.about.workspace_id } };
    this.draft.actions.forEach((action, at) => { if (this.answers.has(action)) context[`action_${at}`] = this.answers.get(action); });
    return context;
  }

  /** Parameters with what the sample gives for their paths, to make a call now. */
  rendered(value) {
    if (Array.isArray(value)) return value.map((one) => this.rendered(one));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.rendered(one)]));
    if (isPath(value)) return resolve(value, this.context());
    if (isTemplate(value)) return value.replace(/\{\{\s*(\$[^}?]*?)\s*(?:\?\?[^}]*)?\}\}/g, (_, path) => String(resolve(path, this.context()) ?? ''));
    return value;
  }

  sources(before) {
    const { webhook, event } = this.context();
    const steps = this.draft.actions.slice(0, before).map((action, at) => ({ label: t('pick.step', { number: at + 1 }), root: `$.action_${at}`, value: this.answers.get(action), note: t('pick.no_answer', { root: `$.action_${at}` }) })).filter((_, at) => this.draft.actions[at].type !== 'STOP_IF');
    return [{ label: t('pick.event'), root: '$.webhook', value: webhook }, ...steps, { label: t('pick.around'), root: '$', value: event ? { event, workspace: { id: this.about.workspace_id } } : undefined }];
  }

  /** Answers of earlier steps that are known, for a trial. */
  get samples() {
    return Object.fromEntries(this.draft.actions.map((action, at) => [`action_${at}`, this.answers.get(action)]).filter(([, data]) => data !== undefined));
  }

  get sample() { return this.event ? { event_id: this.event.id } : null; }
}

/** When a flow runs by itself. */
function schedule(draft, changed) {
  draft.schedule ??= { cron: '0 9 * * mon-fri', time_zone: 'UTC' };
  const zones = h('datalist', { id: 'zones' }, (Intl.supportedValuesOf?.('timeZone') ?? []).map((zone) => h('option', { value: zone })));
  const input = (member, attributes) => text(draft.schedule[member] ?? '', { ...attributes, on: { input: (event) => { draft.schedule[member] = event.target.value.trim(); changed(); } } });
  return h('div', { class: 'two' },
    field(t('schedule.cron'), input('cron', { class: 'code', placeholder: '30 18 * * mon-fri' }), { name: 'schedule.cron', hint: t('schedule.hint') }),
    field(t('schedule.zone'), input('time_zone', { list: 'zones' }), { name: 'schedule.time_zone' }), zones);
}

function trigger(work, changed, samples) {
  const { about, draft } = work;
  const box = h('div', { data: { of: 'trigger_event_types' } });
  const draw = () => {
    const custom = draft.trigger_source === 'CUSTOM';
    const known = draft.trigger_source === 'FLOW' ? about.flow_events ?? [] : about.events.map(({ name }) => name);
    const left = known.filter((name) => !draft.trigger_event_types.includes(name));
    const take = (name) => { if (name && !draft.trigger_event_types.includes(name)) { draft.trigger_event_types.push(name); draw(); changed(); samples(); } };
    const pick = custom
      ? h('div', { class: 'with-pick' }, text('', { 'aria-label': t('trigger.custom_type'), placeholder: t('trigger.custom_type'), data: { key: 'custom-type' }, on: { change: (event) => take(event.target.value.trim()) } }))
      : choice([['', t('trigger.add')], ...byName(left)], '', { 'aria-label': t('trigger.add'), data: { key: 'add-event' }, on: { change: (event) => take(event.target.value) } });
    put(box,
      h('div', { class: 'two' }, field(t('trigger.sender'), choice([['CLOCKIFY', 'Clockify'], ...(about.features.sources ? [['CUSTOM', t('source.custom')]] : []), ...(about.flow_events ? [['FLOW', t('source.flow')]] : []), ...(about.features.templates || draft.trigger_source === 'SCHEDULE' ? [['SCHEDULE', t('source.schedule')]] : [])], draft.trigger_source, { on: { change: (event) => { draft.trigger_source = event.target.value; draft.trigger_event_types = []; if (draft.trigger_source !== 'CUSTOM') delete draft.custom_source; if (draft.trigger_source === 'SCHEDULE') draft.schedule = { cron: '0 9 * * mon-fri', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }; else delete draft.schedule; draw(); changed(); samples(); } } }), { name: 'trigger_source' }),
        custom && field(t('trigger.source'), text(draft.custom_source, { placeholder: t('filter.all'), on: { input: (event) => { if (event.target.value) draft.custom_source = event.target.value; else delete draft.custom_source; changed(); } } }), { name: 'custom_source' })),
      draft.trigger_source === 'SCHEDULE' && schedule(draft, changed),
      draft.trigger_source !== 'SCHEDULE' && h('div', { class: 'chips' }, draft.trigger_event_types.length ? draft.trigger_event_types.map((name) => h('span', { class: 'chip' }, custom ? name : eventName(name), h('button', { type: 'button', class: 'chip-close', 'aria-label': t('trigger.remove', { name: eventName(name) }), on: { click: () => { draft.trigger_event_types = draft.trigger_event_types.filter((one) => one !== name); draw(); changed(); samples(); } } }, '×'))) : h('span', { class: 'soft' }, t('trigger.any'))),
      draft.trigger_source !== 'SCHEDULE' && pick, h('p', { class: 'fault', hidden: true }));
  };
  draw();
  return box;
}

const TONES = { would_send: 'good', would_look_up: 'good', would_repeat: 'good', would_go_on: 'good', would_stop: 'warn', fault: 'bad' };

/** What an action would come to; of a list, also what is done for its first item. */
function rehearsed(one) {
  const lookup = one.lookup && `${one.lookup.entity_type} ${one.lookup.id ?? '—'}`;
  const request = one.request && `${one.request.method} ${one.request.path.replace(/^\/v1\/workspaces\/[0-9a-f]{24}/, '…')}`;
  return h('li', {},
    h('div', { class: 'row' }, h('span', { class: 'step-number' }, String(one.index + 1)), badge(t.maybe(`outcome.${one.outcome}`) ?? one.outcome, TONES[one.outcome] ?? ''), (request || lookup) && h('code', {}, request || lookup), one.items !== undefined && h('span', { class: 'soft' }, t('outcome.items', { count: one.items }))),
    one.reason && h('p', { class: 'note warn', title: one.reason.message }, one.outcome === 'not_reached' ? t('outcome.wants_sample') : reasoned(one.reason)),
    one.request?.body !== undefined && one.request?.body !== null && tree(one.request.body),
    one.actions?.length > 0 && h('ol', { class: 'plain' }, one.actions.map(rehearsed)));
}

function outcome(answer) {
  return [
    h('p', { class: `verdict ${answer.matches ? 'good' : 'bad'}` }, answer.matches ? t('preview.runs') : t('preview.stays')),
    answer.conditions?.length > 0 && h('ul', { class: 'plain' }, answer.conditions.map((one) => h('li', {}, badge(one.holds ? t('preview.holds') : t('preview.fails'), one.holds ? 'good' : 'bad'), ' ', h('code', {}, one.field), ' ', t(`operator.${one.operator}`), ' ', one.value !== undefined && one.value !== null ? brief(one.value) : '', h('div', { class: 'soft small' }, t('value.now', { value: brief(one.actual) }))))),
    answer.actions?.length > 0 && h('ol', { class: 'plain' }, answer.actions.map(rehearsed)),
  ];
}

function versions(work) {
  return dialog(t('versions.title'), (close) => {
    const box = h('div', {}, t('loading'));
    get(`/ui/flows/${work.flow.id}/versions`).then(({ versions: all }) => put(box, table([
      [t('versions.number'), (one) => String(one.version)],
      [t('flow.name'), (one) => one.name ?? ''],
      [t('flow.changed'), (one) => when(one.updated_at)],
      ['', (one) => (one.version === work.flow.version ? badge(t('versions.current'), 'good') : button(t('versions.restore'), async () => { await post(`/ui/flows/${work.flow.id}/versions/${one.version}/restore`, {}); say(t('versions.restored', { version: one.version }), 'success'); close(true); }))],
    ], all))).catch(complain);
    return box;
  }, { wide: true });
}

/** Runs give real answers of earlier steps, to build later ones from. */
async function answersOf(work, signal) {
  if (!work.flow) return;
  const { runs } = await get('/ui/runs', { flow_id: work.flow.id, status: 'SUCCEEDED', limit: 1 }, signal);
  if (!runs.length || runs[0].flow_version !== work.flow.version) return;
  const run = await get(`/ui/runs/${runs[0].id}`, {}, signal);
  run.steps.forEach((step) => { if (step.data !== undefined && work.draft.actions[step.index]) work.answers.set(work.draft.actions[step.index], step.data); });
}

/** Why a flow starts nothing, and the way on. */
const paused = (flow, again) => h('div', { class: 'note warn row' }, h('span', { class: 'grow', title: flow.paused.reason }, t('flow.paused_why')), button(t('flow.resume'), async () => { await post(`/ui/flows/${flow.id}/enable`, {}); again(); }));

/** A flow that a setting keeps: to look at, and to be changed there. */
function kept(view, flow, draft, again) {
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.flows'), '#/flows')),
    head(flow.name, [link(t('nav.runs'), `#/runs?flow_id=${flow.id}`, { class: 'button' })], t('flow.version', { version: flow.version })),
    flow.paused && paused(flow, again),
    h('p', { class: 'note' }, t('flow.managed'), ' ', link(t.maybe(`setting.${flow.managed_by}`) ?? flow.managed_by, '#/settings'), '. ', t('flow.managed_note')),
    card(t('editor.what'), tree(draft)));
}

/** A flow, or a new one. */
export async function editor(view, context) {
  const { about, signal, again } = context;
  const { flow, draft, event } = await loaded(context);
  if (flow?.managed_by) { kept(view, flow, draft, again); return; }
  const work = new Work(about, flow, draft);
  if (event) {
    work.event = await get(`/ui/webhooks/${event}`, {}, signal);
    draft.trigger_source = work.event.source;
    draft.trigger_event_types = [work.event.event_type];
    if (work.event.custom_source) draft.custom_source = work.event.custom_source;
    draft.name ||= eventName(work.event.event_type);
  }
  await answersOf(work, signal).catch(() => {});

  const sampleBox = h('div', {});
  const previewBox = h('div', { 'aria-live': 'polite' }, h('p', { class: 'soft' }, t('preview.later')));
  const form = h('div', { class: 'editor-form' });

  const preview = settled(PREVIEW_WAIT_MS, async () => {
    if (!about.features.dry_run || signal.aborted) return;
    if (!work.event) { put(previewBox, h('p', { class: 'soft' }, t('preview.no_event'))); return; }
    try {
      put(previewBox, outcome(await post('/ui/flows/dry-run', { definition: { ...work.sent, name: work.sent.name || '…' }, event_id: work.event.id, samples: work.samples })));
    } catch (error) {
      put(previewBox, error.fields?.length ? [h('p', { class: 'soft' }, t('preview.unfinished')), h('ul', { class: 'plain small' }, error.fields.slice(0, 5).map((fault) => h('li', {}, h('code', {}, fault.field.replace(/^definition\./, '')), ' ', faulted(fault))))] : h('p', { class: 'soft' }, explain(error)));
    }
  });
  const changed = () => { work.dirty = true; preview(); };

  const group = conditions(draft.conditions, 'conditions', {
    root: '$', context: () => work.event?.payload, changed,
    pick: () => pickValue(t('rule.pick'), [{ label: t('pick.event'), root: '$', value: work.event?.payload }], { sample: work.sample, about }),
  });

  function drawSample() {
    form.querySelectorAll('[data-key]').forEach((control) => control.dispatchEvent(new Event('look')));
    put(sampleBox, work.event
      ? [h('p', { class: 'soft small lead' }, t('sample.click')),
        tree(work.event.payload, { pick: (path, value) => { add(draft.conditions, { path, value }); group.draw(); changed(); say(t('sample.added'), 'info'); } })]
      : empty(t('sample.none'), t('sample.none_text')));
  }

  async function samples() {
    const type = draft.trigger_event_types[0];
    const { webhooks } = await get('/ui/webhooks', { event_type: type, source: draft.trigger_source, limit: SAMPLES }, signal).catch(() => ({ webhooks: [] }));
    if (signal.aborted) return;
    const options = webhooks.map((one) => [one.id, `${eventName(one.event_type)} · ${moment(one.received_at)}`]);
    put(chooser, options.length > 0 && choice(options, work.event?.id, { 'aria-label': t('sample.choose'), on: { change: (changedEvent) => use(changedEvent.target.value) } }));
    if (work.event && webhooks.some(({ id }) => id === work.event.id)) return;
    if (webhooks.length) await use(webhooks[0].id); else { if (type && work.event?.event_type !== type) work.event = null; drawSample(); preview(); }
  }
  const chooser = h('div', {});
  async function use(id) {
    try { work.event = await get(`/ui/webhooks/${id}`, {}, signal); } catch (error) {
      // Whoever has left the page does not wait for it.
      if (!signal.aborted) complain(error);
      return;
    }
    drawSample();
    preview();
  }

  const around = {
    about, changed, context: () => work.context(),
    before: (at) => {
      const pick = (more = []) => pickValue(t('value.choose'), [...more, ...work.sources(at)], { sample: work.sample, about });
      return { pick, value: () => pick(), path: async () => (await pick())?.path };
    },
    rendered: (params) => work.rendered(params),
    answered: (action, data) => { work.answers.set(action, data); drawSample(); preview(); },
  };

  const stray = h('ul', { class: 'fault plain', role: 'alert' });
  async function save() {
    put(stray);
    try {
      const saved = flow ? await replace(`/ui/flows/${flow.id}`, work.sent, flow.version) : await post('/ui/flows', work.sent);
      work.dirty = false;
      say(t('done.saved'), 'success');
      if (flow) again(); else window.location.hash = `#/flows/${saved.id}`;
    } catch (error) {
      if (!error.fields?.length) throw error;
      put(stray, blame(form, error.fields).map((fault) => h('li', {}, h('code', {}, fault.field), ' ', faulted(fault))));
      say(t('error.invalid_fields'), 'error');
    }
  }

  const start = card(t('editor.when'), trigger(work, changed, samples));
  const end = h('div', { class: 'actions end' }, link(t('do.cancel'), '#/flows', { class: 'button quiet' }), button(t('do.save'), save, { kind: 'primary', key: 'save' }));
  const sampleCard = card(t('sample.title'), h('div', {}, chooser, sampleBox));
  const previewCard = about.features.dry_run && card(t('preview.title'), previewBox);
  sampleCard.classList.add('sample');
  const side = h('aside', { class: 'editor-side' });
  put(form,
    card(t('editor.what'),
      h('div', {}, field(t('flow.name'), text(draft.name, { maxlength: '255', data: { key: 'name' }, on: { input: (input) => { draft.name = input.target.value; changed(); } } }), { name: 'name' }),
        field(t('flow.description'), text(draft.description, { maxlength: '2000', on: { input: (input) => { draft.description = input.target.value; changed(); } } }), { name: 'description' }),
        toggle(t('editor.enabled'), draft.enabled, async (on) => { draft.enabled = on; changed(); }, { hidden: false }))),
    start,
    card(t('editor.if'), h('div', {}, h('p', { class: 'soft' }, t('editor.if_text')), group)),
    card(t('editor.then'), list(draft.actions, 'actions', around)),
    card(t('editor.limits'), h('div', {},
      h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: draft.allow_self_trigger ?? false, on: { change: (input) => { draft.allow_self_trigger = input.target.checked; changed(); } } }), t('editor.self')),
      field(t('editor.rate'), text(draft.runs_per_entity_per_minute ?? '', { inputmode: 'numeric', placeholder: '10', on: { input: (input) => { if (input.target.value === '') delete draft.runs_per_entity_per_minute; else draft.runs_per_entity_per_minute = Number(input.target.value) || input.target.value; changed(); } } }), { name: 'runs_per_entity_per_minute', hint: t('editor.rate_hint') }),
      about.flow_events && field(t('editor.pause'), text(draft.pause_after_failures ?? '', { inputmode: 'numeric', placeholder: '20', on: { input: (input) => { if (input.target.value === '') delete draft.pause_after_failures; else draft.pause_after_failures = Number(input.target.value); changed(); } } }), { name: 'pause_after_failures', hint: t('editor.pause_hint') }))),
    stray,
    end);

  // Beside the form, if there is room; else each where it is wanted: the sample before what is made of it, the preview before saving.
  const narrow = window.matchMedia('(max-width: 900px)');
  const arrange = () => {
    if (!narrow.matches) { side.append(...[sampleCard, previewCard].filter(Boolean)); return; }
    start.after(sampleCard);
    if (previewCard) stray.before(previewCard);
  };
  arrange();
  narrow.addEventListener('change', arrange, { signal });

  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.flows'), '#/flows')),
    flow?.paused && paused(flow, again),
    head(flow ? flow.name : t('flows.new'), [
      flow && link(t('nav.runs'), `#/runs?flow_id=${flow.id}`, { class: 'button' }),
      flow && about.features.versions && button(t('versions.title'), async () => { if (await versions(work)) again(); }),
      button(t('do.save'), save, { kind: 'primary' }),
    ], flow ? t('flow.version', { version: flow.version }) : t('editor.lead')),
    h('div', { class: 'editor' }, form, side));
  // Without an event nothing is said before it is known whether there is one.
  if (work.event) drawSample();
  samples();
  context.guard(() => work.dirty);
  const leave = (leaving) => { if (work.dirty) leaving.preventDefault(); };
  window.addEventListener('beforeunload', leave);
  signal.addEventListener('abort', () => window.removeEventListener('beforeunload', leave));
}
