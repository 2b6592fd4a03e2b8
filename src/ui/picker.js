// The window in which a value of the event or of an earlier step is chosen by clicking it.

import { post } from './api.js';
import { h, put } from './dom.js';
import { explain, faulted } from './explanations.js';
import { t } from './i18n.js';
import { brief, tree } from './json.js';
import { button, dialog, field, text } from './parts.js';

/**
 * Gives `{path, value}`. `sources` are `{label, root, value}`; one whose value is not known can still be written by hand.
 * `sample` is what the service checks a written path against: `{event_id}` or `{payload}`.
 */
export function pickValue(title, sources, { sample, about }) {
  return dialog(title, (close) => {
    const parts = sources.map(({ label, root, value, note }) => h('section', { class: 'source' }, h('h3', {}, label),
      value === undefined ? h('p', { class: 'soft' }, note ?? t('pick.unknown', { root })) : tree(value, { root, pick: (path, found) => close({ path, value: found }) })));
    const input = text('', { placeholder: `${sources[0]?.root ?? '$'}.id`, class: 'code' });
    const result = h('p', { class: 'soft', 'aria-live': 'polite' });
    const use = button(t('pick.use'), async () => { if (input.value.trim()) close({ path: input.value.trim(), value: undefined }); });
    const check = about.features.dry_run && sample && button(t('pick.check'), async () => {
      try {
        const answer = await post('/ui/jsonpath', { path: input.value.trim().replace(/^\$\.webhook/, '$'), ...sample });
        put(result, t('pick.found', { count: answer.count }), ' ', answer.values?.length ? brief(answer.values[0]) : '');
      } catch (error) { put(result, error.fields?.length ? faulted(error.fields[0]) : explain(error)); }
    }, { kind: 'quiet' });
    return [h('p', { class: 'soft' }, t('pick.lead')), parts,
      h('details', {}, h('summary', {}, t('pick.by_hand')), h('div', { class: 'stack' }, field(t('pick.path'), input, { hint: t('pick.path_hint') }), h('div', { class: 'actions' }, use, check), result))];
  }, { wide: true });
}
