// Secrets: texts that flows may send and that nobody can read again.

import { get, put as replace, remove } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { blame, button, card, dialog, empty, field, head, say, sure, table, text } from './parts.js';
import { when } from './time.js';

const write = (known) => dialog(known ? t('secret.replace') : t('secret.new'), (close) => {
  const name = text(known ?? '', { maxlength: '64', readOnly: Boolean(known) });
  const value = h('input', { type: 'password', autocomplete: 'new-password' });
  const form = h('form', { on: { submit: (event) => { event.preventDefault(); keep.click(); } } }, field(t('secret.name'), name, { name: 'name', hint: t('secret.name_hint') }), field(t('secret.value'), value, { name: 'value' }));
  const keep = button(t('do.save'), async () => {
    try { close(await replace(`/ui/secrets/${encodeURIComponent(name.value.trim())}`, { value: value.value })); } catch (error) { if (!error.fields?.length || blame(form, error.fields).length) throw error; }
  }, { kind: 'primary' });
  return [h('p', { class: 'note' }, t('secret.note')), form, h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), keep)];
});

/** The page of secrets. */
export async function secrets(view, { signal, again }) {
  const { secrets: all } = await get('/ui/secrets', {}, signal);
  const change = async (known) => { if (await write(known)) { say(t('done.saved'), 'success'); again(); } };
  put(view, head(t('nav.secrets'), [button(t('secret.new'), () => change(), { kind: 'primary' })], t('secrets.lead')),
    card(t('nav.secrets'), all.length ? table([
      [t('secret.name'), (secret) => h('code', {}, secret.name)],
      [t('secret.use'), (secret) => h('code', { class: 'soft' }, `{{ secret.${secret.name} }}`)],
      [t('flow.changed'), (secret) => when(secret.updated_at)],
      ['', (secret) => h('div', { class: 'actions' }, button(t('secret.replace'), () => change(secret.name), { kind: 'quiet' }), button(t('do.delete'), async () => {
        if (!(await sure(t('secret.delete'), t('secret.delete_text', { name: secret.name }), t('do.delete')))) return;
        await remove(`/ui/secrets/${encodeURIComponent(secret.name)}`);
        say(t('done.deleted'), 'success');
        again();
      }, { kind: 'quiet' }))],
    ], all) : empty(t('secrets.empty'), t('secrets.empty_text'))));
}
