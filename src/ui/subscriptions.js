// Subscriptions: which events reach the add-on, by which way, and getting more of them.

import { get, post, put as replace, remove } from './api.js';
import { h, put } from './dom.js';
import { eventName, locale, t } from './i18n.js';
import { badge, button, complain, copyable, dialog, field, head, say, sheet, sure, table } from './parts.js';
import { when } from './time.js';

/** Clockify does not let add-ons subscribe everywhere; then an admin does it by hand, and tells the add-on the webhook's token. */
function byHand(event, way) {
  return dialog(eventName(event), (close) => {
    const token = h('input', { type: 'password', autocomplete: 'off' });
    return [h('p', { class: 'lead' }, t('subscribe.by_hand_text', { event })), h('h4', {}, 'URL'), copyable(way?.manual?.url ?? way?.url ?? '', 'URL'),
      field(t('subscribe.token'), token, { hint: t('subscribe.token_hint') }),
      h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), button(t('do.save'), async () => close(await replace(`/ui/subscriptions/${encodeURIComponent(event)}/token`, { token: token.value.trim() })), { kind: 'primary' }))];
  });
}

/** The page of subscriptions. */
export async function subscriptions(view, { signal, again }) {
  const { events, plan_limits: limits, platform } = await get('/ui/subscriptions', {}, signal);
  const begin = async (one) => {
    try {
      await post('/ui/subscriptions', { event: one.event });
      say(t('subscribe.done'), 'success');
      again();
    } catch (error) {
      const way = error.details?.way_out;
      if (!way) { complain(error); return; }
      if (await byHand(one.event, way)) { say(t('subscribe.done'), 'success'); again(); }
    }
  };
  const end = async (one) => {
    if (!(await sure(t('subscribe.end'), t('subscribe.end_text', { event: eventName(one.event) }), t('subscribe.end')))) return;
    const { left_to_do: left } = await remove(`/ui/subscriptions/${encodeURIComponent(one.event)}`);
    if (left) await dialog(t('subscribe.end'), (close) => [h('p', {}, left), h('div', { class: 'actions end' }, button(t('do.close'), () => close(), { kind: 'primary' }))]);
    again();
  };
  put(view, head(t('nav.subscriptions'), [], t('subscriptions.lead')),
    platform?.compared === false && h('p', { class: 'note', title: platform.reason }, t('subscribe.not_compared')),
    sheet(t('nav.subscriptions'), table([
      [t('events.type'), (one) => h('div', {}, eventName(one.event), ' ', h('code', { class: 'soft small' }, one.event))],
      [t('subscribe.reaches'), (one) => (one.reaches ? badge(t(`by.${one.by ?? 'manifest'}`), 'good') : badge(t('subscribe.no')))],
      [t('subscribe.last'), (one) => when(one.last_event_at)],
      ['', (one) => (one.reaches ? one.by !== 'manifest' && one.by && button(t('subscribe.end'), () => end(one), { kind: 'quiet' }) : h('div', { class: 'actions' }, button(t('subscribe.begin'), () => begin(one), { kind: 'quiet' }), button(t('subscribe.by_hand'), async () => { if (await byHand(one.event, one)) again(); }, { kind: 'quiet' })))],
    ], events.toSorted((one, other) => Number(one.reaches) - Number(other.reaches) || eventName(one.event).localeCompare(eventName(other.event), locale())))),
    limits?.length > 0 && h('details', { class: 'more soft small' }, h('summary', {}, t('subscribe.limits')), h('ul', { class: 'plain' }, limits.map((line) => h('li', {}, line)))));
}
