// Secrets: texts that flows may send and that nobody can read again.

import { get, put as replace, remove } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { blame, button, complain, dialog, empty, field, head, say, sheet, sure, table, text } from './parts.js';
import { when } from './time.js';

/** Lets a secret be written, a new one or one that is known; gives what the service says of it. */
export const writeSecret = (known) => dialog(known ? t('secret.replace') : t('secret.new'), (close) => {
  const name = text(known ?? '', { maxlength: '64', readOnly: Boolean(known) });
  const value = h('input', { type: 'password', autocomplete: 'new-password' });
  const form = h('form', { on: { submit: (event) => { event.preventDefault(); keep.click(); } } }, field(t('secret.name'), name, { name: 'name', hint: t('secret.name_hint') }), field(t('secret.value'), value, { name: 'value' }));
  const keep = button(t('do.save'), async () => {
    try { close(await replace(`/ui/secrets/${encodeURIComponent(name.value.trim())}`, { value: value.value })); } catch (error) { if (!error.fields?.length || blame(form, error.fields).length) throw error; }
  }, { kind: 'primary' });
  return [h('p', { class: 'note' }, t('secret.note')), form, h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), keep)];
});

/** Lets one be chosen by name, or made at once; gives the name. */
export function chooseSecret() {
  return dialog(t('secret.choose'), (close) => {
    const box = h('div', { class: 'stack' }, t('loading'));
    const make = button(t('secret.new'), async () => { const made = await writeSecret(); if (made) close(made.name); });
    get('/ui/secrets').then(({ secrets: all }) => put(box,
      all.length ? h('ul', { class: 'kinds' }, all.map(({ name }) => h('li', {}, h('button', { type: 'button', class: 'kind', data: { secret: name }, on: { click: () => close(name) } }, h('code', {}, name))))) : h('p', { class: 'soft' }, t('secrets.empty')),
      h('p', { class: 'soft small' }, t('secret.where')),
      h('div', { class: 'actions' }, make))).catch((error) => { close(); complain(error); });
    return box;
  });
}

/** How a secret stands in a text. */
export const reference = (name) => `{{ secret.${name} }}`;

/** A button that puts a chosen secret where the caret is. */
export const secretButton = (control, label) => {
  const made = button(t('secret.insert'), async () => {
    const { selectionStart: from, selectionEnd: to } = control;
    const name = await chooseSecret();
    if (!name) return;
    control.setRangeText(reference(name), from ?? control.value.length, to ?? control.value.length, 'end');
    control.dispatchEvent(new Event('input', { bubbles: true }));
    control.focus();
  }, { kind: 'quiet pick' });
  made.setAttribute('aria-label', `${t('secret.insert')} ${label}`);
  return made;
};

/** The page of secrets. */
export async function secrets(view, { signal, again }) {
  const { secrets: all } = await get('/ui/secrets', {}, signal);
  const change = async (known) => { if (await writeSecret(known)) { say(t('done.saved'), 'success'); again(); } };
  put(view, head(t('nav.secrets'), [button(t('secret.new'), () => change(), { kind: 'primary' })], t('secrets.lead')),
    sheet(t('nav.secrets'), all.length ? table([
      [t('secret.name'), (secret) => h('code', { class: 'clip' }, secret.name)],
      [t('secret.use'), (secret) => h('code', { class: 'soft' }, reference(secret.name))],
      [t('flow.changed'), (secret) => when(secret.updated_at)],
      ['', (secret) => h('div', { class: 'actions' }, button(t('secret.replace'), () => change(secret.name), { kind: 'quiet' }), button(t('do.delete'), async () => {
        if (!(await sure(t('secret.delete'), t('secret.delete_text', { name: secret.name }), t('do.delete')))) return;
        await remove(`/ui/secrets/${encodeURIComponent(secret.name)}`);
        say(t('done.deleted'), 'success');
        again();
      }, { kind: 'quiet' }))],
    ], all) : empty(t('secrets.empty'), t('secrets.empty_text'), button(t('secret.new'), () => change()))));
}
