// Settings: what applies, who chose it, and changing it; Clockify hears of it first.

import { get, patch } from './api.js';
import { h, put } from './dom.js';
import { t, words } from './i18n.js';
import { blame, button, choice, field, head, say, sheet, text } from './parts.js';

function control(setting, changes) {
  const set = (value) => { changes[setting.id] = value; };
  if (setting.type === 'boolean') return h('input', { type: 'checkbox', role: 'switch', checked: setting.value === true, on: { change: (event) => set(event.target.checked) } });
  if (setting.type === 'choice') return choice(setting.choices.map((one) => [one, one]), setting.value, { on: { change: (event) => set(event.target.value) } });
  if (setting.type === 'number') return text(setting.value, { type: 'number', min: setting.minimum, max: setting.maximum, on: { input: (event) => set(event.target.value === '' ? null : Number(event.target.value)) } });
  return text(setting.value, { on: { input: (event) => set(event.target.value) } });
}

/** The page of settings. */
export async function settings(view, { signal, again }) {
  const { settings: all } = await get('/ui/settings', {}, signal);
  const changes = {};
  const form = h('form', { on: { submit: (event) => { event.preventDefault(); save.click(); } } });
  const save = button(t('do.save'), async () => {
    if (!Object.keys(changes).length) { say(t('settings.same'), 'info'); return; }
    try {
      await patch('/ui/settings', changes);
      say(t('done.saved'), 'success');
      again();
    } catch (error) {
      if (!error.fields?.length || blame(form, error.fields).length) throw error;
    }
  }, { kind: 'primary' });
  put(form, all.map((setting) => {
    const range = setting.type === 'number' ? t('settings.range', { minimum: setting.minimum, maximum: setting.maximum }) : null;
    const made = field(t.maybe(`setting.${setting.id}`) ?? words(setting.id), control(setting, changes), { name: setting.id, hint: [range, setting.source === 'workspace' ? null : t('settings.standard')].filter(Boolean).join(' · ') || null });
    made.classList.add('setting');
    return made;
  }), h('div', { class: 'actions' }, save));
  put(view, head(t('nav.settings'), [], t('settings.lead')), sheet(t('nav.settings'), form));
}
