// Custom webhooks: senders of the workspace's own, each with a secret that is shown once.

import { get, post, remove } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { blame, button, card, choice, copyable, dialog, empty, facts, field, head, link, say, sheet, sure, text } from './parts.js';
import { when } from './time.js';

const SCHEMES = ['standard', 'github', 'hmac', 'bearer'];

const quoted = (value) => `'${String(value).replaceAll("'", "'\\''")}'`;

/** A command that sends a signed test message, for a shell with openssl and curl. */
function command(source, secret) {
  const start = [`URL=${quoted(source.url)}`, `SECRET=${quoted(secret)}`, `BODY='{"type":"test","id":"1","hello":"world"}'`];
  const call = (...headers) => ['curl -sS -X POST "$URL" \\', `  -H 'Content-Type: application/json' -H 'X-Workspace-Id: ${source.workspace_id}' \\`, ...headers.map((header) => `  -H "${header}" \\`), '  -d "$BODY"'];
  if (source.scheme === 'bearer') return [...start, ...call('Authorization: Bearer $SECRET')].join('\n');
  if (source.scheme === 'github') return [...start, 'SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed "s/^.* //")', ...call('X-GitHub-Event: test', 'X-GitHub-Delivery: $(date +%s%N)', 'X-Hub-Signature-256: sha256=$SIGNATURE')].join('\n');
  if (source.scheme === 'hmac') return [...start, 'SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed "s/^.* //")', ...call(`${source.signature_header}: $SIGNATURE`)].join('\n');
  return [...start, 'ID=msg_$(date +%s%N); TIME=$(date +%s)', 'KEY=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -vtx1 | tr -d " \\n")', 'SIGNATURE=$(printf %s "$ID.$TIME.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | base64)', ...call('webhook-id: $ID', 'webhook-timestamp: $TIME', 'webhook-signature: v1,$SIGNATURE')].join('\n');
}

/** Shows a secret, this once. */
const reveal = (source) => dialog(t('source.secret_title', { name: source.name }), (close) => [
  h('p', { class: 'note warn' }, t('source.secret_once')),
  h('h4', {}, t('source.secret')), copyable(source.secret, t('source.secret')),
  h('h4', {}, t('source.url')), copyable(source.url, t('source.url')),
  h('h4', {}, t('source.test')), h('p', { class: 'soft small' }, t('source.test_text')), copyable(command(source, source.secret), t('source.test')),
  h('div', { class: 'actions end' }, button(t('source.kept'), () => close(true), { kind: 'primary' })),
], { wide: true });

function create() {
  return dialog(t('source.new'), (close) => {
    const name = text('', { maxlength: '64', required: true });
    const scheme = choice(SCHEMES.map((code) => [code, t(`scheme.${code}`)]), 'standard');
    const header = text('', { placeholder: 'X-Webhook-Signature' });
    const entity = text('', { class: 'code', placeholder: '$.id' });
    const headerField = field(t('source.header'), header, { name: 'signature_header', hint: t('form.optional') });
    headerField.hidden = true;
    const explained = h('span', {}, t('scheme.standard_text'));
    scheme.addEventListener('change', () => { headerField.hidden = scheme.value !== 'hmac'; explained.textContent = t(`scheme.${scheme.value}_text`); });
    const form = h('form', { on: { submit: (event) => { event.preventDefault(); make.click(); } } }, field(t('source.name'), name, { name: 'name', hint: t('source.name_hint') }), field(t('source.scheme'), scheme, { name: 'scheme', hint: explained }), headerField, field(t('source.entity'), entity, { name: 'entity_path', hint: t('source.entity_hint') }));
    const make = button(t('source.make'), async () => {
      const sent = { name: name.value.trim(), scheme: scheme.value, ...(scheme.value === 'hmac' && header.value && { signature_header: header.value.trim() }), ...(entity.value && { entity_path: entity.value.trim() }) };
      try { close(await post('/ui/custom-sources', sent)); } catch (error) { if (!error.fields?.length || blame(form, error.fields).length) throw error; }
    }, { kind: 'primary' });
    return [form, h('div', { class: 'actions end' }, button(t('do.cancel'), () => close(), { kind: 'quiet' }), make)];
  });
}

/** The page of custom webhooks. */
export async function sources(view, { signal, again }) {
  const { sources: all } = await get('/ui/custom-sources', {}, signal);
  const begin = button(t('source.new'), async () => { const made = await create(); if (made) { again(); await reveal(made); } }, { kind: 'primary' });
  const rotate = (source) => button(t('source.rotate'), async () => {
    if (!(await sure(t('source.rotate'), t('source.rotate_text'), t('source.rotate')))) return;
    const made = await post(`/ui/custom-sources/${encodeURIComponent(source.name)}/rotate`, {});
    again();
    await reveal(made);
  }, { kind: 'quiet' });
  const drop = (source) => button(t('do.delete'), async () => {
    if (!(await sure(t('source.delete'), t('source.delete_text', { name: source.name }), t('do.delete')))) return;
    await remove(`/ui/custom-sources/${encodeURIComponent(source.name)}`);
    say(t('done.deleted'), 'success');
    again();
  }, { kind: 'quiet' });
  put(view, head(t('nav.sources'), [begin], t('sources.lead')),
    all.length ? all.map((source) => card(source.name, { actions: [rotate(source), drop(source)] }, h('div', {}, facts([
      [t('source.scheme'), t(`scheme.${source.scheme}`)],
      [t('source.url'), h('code', {}, source.url)],
      [t('source.header'), h('code', {}, source.signature_header)],
      source.entity_path ? [t('source.entity'), h('code', {}, source.entity_path)] : null,
      [t('source.secrets'), h('span', {}, source.secrets.map((secret) => h('div', {}, t('source.made'), ' ', when(secret.created_at), secret.expires_at && [' · ', t('source.ends'), ' ', when(secret.expires_at)])))],
      [t('nav.events'), link(t('do.look'), '#/events?source=CUSTOM')],
    ])))) : sheet(t('nav.sources'), empty(t('sources.empty'), t('sources.empty_text'), button(t('source.new'), () => begin.click(), { kind: 'primary' }))));
}
