// Templates: flows to begin with, each made by filling in what it leaves open.

import { get, post } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { blame, button, byName, card, choice, dialog, field, head, link, say, text } from './parts.js';
import { writeSecret } from './secrets.js';

/** A template's own name and description are English; those that are shipped have others too. */
const nameOf = ({ id, name }) => t.maybe(`template.${id}`) ?? name;
const textOf = ({ id, description }) => t.maybe(`template.${id}_text`) ?? description;

/** Where a parameter's entities are in the copy of the workspace's data. */
const CACHED = { project: 'projects', tag: 'tags', group: 'user-groups', client: 'clients', user: 'users' };

/** A secret, chosen by name or made at once. */
async function secret() {
  const { secrets } = await get('/ui/secrets').catch(() => ({ secrets: [] }));
  const input = choice([['', '–'], ...secrets.map(({ name }) => [name, name])], '');
  const make = button(t('secret.new'), async () => {
    const made = await writeSecret();
    if (!made) return;
    if (![...input.options].some(({ value }) => value === made.name)) input.append(h('option', { value: made.name }, made.name));
    input.value = made.name;
    input.focus();
  }, { kind: 'quiet' });
  return { input, beside: h('div', { class: 'actions' }, make) };
}

/** A control for a parameter, by its type: what there is a list of is chosen, everything else is written. */
async function control(about, { name, type, required, default: standard }) {
  if (type === 'flag') return { input: h('input', { type: 'checkbox', checked: standard === true }) };
  if (type === 'secret') return secret();
  if (type === 'url') return { input: text(standard ?? '', { type: 'url', required, placeholder: 'https://' }) };
  if (type === 'number') return { input: text(String(standard ?? ''), { type: 'number', step: 'any', required }) };
  if (name === 'event') return { input: choice([...(required ? [] : [['', '–']]), ...byName(about.events.map((event) => event.name))], standard) };
  const cached = about.features.entities && CACHED[type];
  const known = cached ? await get('/ui/entities', { type: cached, limit: 100 }).then((answer) => answer.entities, () => []) : [];
  if (known.length) return { input: choice([...(required ? [] : [['', '–']]), ...known.map((entity) => [entity.id, entity.name ?? entity.id])], standard) };
  return { input: text(standard ?? '', { required }) };
}

async function filled(about, template) {
  const controls = await Promise.all(template.parameters.map((parameter) => control(about, parameter)));
  return dialog(nameOf(template), (close) => {
    const fields = template.parameters.map((parameter, at) => {
      const { input, beside } = controls[at];
      const made = field([t.maybe(`parameter.${parameter.label}`) ?? parameter.label, parameter.required && h('span', { class: 'required', title: t('form.required') }, ' *')], input, { name: `parameters.${parameter.name}` });
      if (beside) made.insertBefore(beside, made.querySelector('.fault'));
      return made;
    });
    const written = ({ type, value }) => (type === 'number' && value !== '' ? Number(value) : value.trim());
    const said = ({ input }) => (input.type === 'checkbox' ? input.checked : written(input));
    const form = h('form', { on: { submit: (event) => { event.preventDefault(); make.click(); } } }, h('p', { class: 'soft lead' }, textOf(template)), fields);
    const make = button(t('templates.use'), async () => {
      const parameters = Object.fromEntries(template.parameters.map(({ name }, at) => [name, said(controls[at])]).filter(([, value]) => value !== ''));
      try {
        close(await post(`/ui/flow-templates/${encodeURIComponent(template.id)}`, { parameters }));
      } catch (error) {
        if (!error.fields?.length || blame(form, error.fields).length) throw error;
      }
    }, { kind: 'primary' });
    return [form, h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), make)];
  });
}

/** The gallery. */
export async function templates(view, { about, signal }) {
  const answer = await get('/ui/flow-templates', {}, signal);
  const groups = new Map();
  answer.templates.forEach((template) => groups.set(template.category, [...(groups.get(template.category) ?? []), template]));
  put(view,
    h('p', { class: 'crumbs' }, link(t('nav.flows'), '#/flows')),
    head(t('templates.title'), [], t('templates.lead')),
    [...groups].map(([category, members]) => card(t.maybe(`category.${category}`) ?? category, h('div', { class: 'gallery' }, members.map((template) => h('article', { class: 'offer' },
      h('h3', {}, nameOf(template)), h('p', { class: 'soft' }, textOf(template)),
      button(t('templates.use'), async () => {
        const flow = await filled(about, template);
        if (flow) { say(t('templates.made'), 'success'); window.location.hash = `#/flows/${flow.id}`; }
      })))))));
}
