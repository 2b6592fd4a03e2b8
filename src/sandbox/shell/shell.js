// Plays Clockify's page around an add-on: the frame with a user token, window messages, and a workspace whose data one can change and watch.

const at = (id) => document.getElementById(id);
const role = at('role');
const theme = at('theme');
const language = at('language');
let world = null;
let chosen = new URLSearchParams(window.location.search).get('addon');
let frame = null;
let known = new Map();

for (const select of [role, theme, language, at('width')]) {
  const wanted = new URLSearchParams(window.location.search).get(select.id);
  if (wanted) select.value = wanted;
}

function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

async function ask(method, path, body, headers = {}) {
  const answer = await fetch(path, { method, headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  try { return JSON.parse(text); } catch { return text; }
}

function toast(text) {
  const line = element('p', { textContent: text });
  at('toasts').append(line);
  setTimeout(() => line.remove(), 5000);
}

const installed = () => world.offers.map((offer) => ({ ...offer, installation: world.installations.find(({ base_url: base }) => base === offer.service) }));
const current = () => installed().find(({ slug }) => slug === chosen);

async function token(whose = role.value) {
  return ask('POST', '/sandbox/user-tokens', { addon_id: current().installation.addon_id, role: whose, theme: theme.value, language: language.value });
}

async function open() {
  document.documentElement.dataset.theme = theme.value;
  const { installation } = current();
  const url = new URL(`${installation.base_url}${installation.page}`);
  url.searchParams.set('auth_token', await token());
  url.searchParams.set('theme', theme.value);
  url.searchParams.set('language', language.value);
  frame = element('iframe', { src: url.href, title: current().name, className: at('width').value });
  at('stage').replaceChildren(frame);
}

const barOf = () => installed().map(({ slug, installation }) => `${slug} ${installation?.addon_id}`).join();
let barShown = '';

function bar() {
  barShown = barOf();
  at('addons').replaceChildren(...installed().map((offer) => {
    const entry = element('button', { type: 'button', textContent: offer.installation ? offer.name : `Install ${offer.name}` });
    entry.dataset.addon = offer.slug;
    if (offer.slug === chosen) entry.setAttribute('aria-current', 'page');
    entry.addEventListener('click', async () => {
      try {
        if (!offer.installation) await ask('POST', '/sandbox/installations', { service: offer.service, base_url: offer.service });
        chosen = offer.slug;
        await look();
        bar();
        await open();
      } catch (error) { toast(error.message); }
    });
    return entry;
  }));
}

window.addEventListener('message', async (event) => {
  if (!frame || event.source !== frame.contentWindow) return;
  let message;
  try { message = typeof event.data === 'string' ? JSON.parse(event.data) : event.data; } catch { return; }
  if (message.action === 'refreshAddonToken') event.source.postMessage({ title: 'refreshAddonToken', body: await token() }, event.origin);
  if (message.action === 'toastrPop') toast(`Add-on: ${message.payload?.message ?? ''}`);
});

const SHOWN = [
  ['time-entries', 'Time entries', (entry) => [entry.description || '(no description)', [entry.project, ...entry.tags].filter(Boolean).join(', ')]],
  ['projects', 'Projects', (project) => [project.name, project.clientName || '']],
  ['clients', 'Clients', (client) => [client.name, client.note || '']],
  ['tags', 'Tags', (tag) => [tag.name, tag.archived ? 'archived' : '']],
  ['tasks', 'Tasks', (task) => [task.name, task.status || '']],
];

const count = { made: 0 };
const next = () => { count.made += 1; return count.made; };

/** A change as a person of the workspace makes it, through the REST API. */
async function change(method, path, body) {
  const workspace = world.workspaces[0].id;
  return ask(method, `/api/v1/workspaces/${workspace}${path}`, body, { 'X-Addon-Token': await token('OWNER') });
}

const newest = (kind) => world.data[kind]?.[0];
const iso = (ago) => `${new Date(Date.now() - ago).toISOString().slice(0, 19)}Z`;

const DEEDS = [
  ['New time entry', () => change('POST', '/time-entries', { start: iso(3_600_000), end: iso(0), description: `Work ${next()}`, projectId: world.data.projects?.at(-1)?.id, billable: true })],
  ['Change the entry', () => { const entry = newest('time-entries'); return change('PUT', `/time-entries/${entry.id}`, { start: entry.timeInterval.start, end: entry.timeInterval.end ?? iso(0), description: `${entry.description} (edited)`, projectId: entry.projectId, billable: entry.billable }); }],
  ['Delete the entry', () => change('DELETE', `/time-entries/${newest('time-entries').id}`)],
  ['New project', () => change('POST', '/projects', { name: `Project ${next()}` })],
  ['New client', () => change('POST', '/clients', { name: `Client ${next()}` })],
  ['New tag', () => change('POST', '/tags', { name: `Tag ${next()}` })],
];

function deeds() {
  const buttons = DEEDS.map(([label, act]) => {
    const made = element('button', { type: 'button', textContent: label });
    made.addEventListener('click', () => act().then(look).catch((error) => toast(error.message)));
    return made;
  });
  const events = element('select', { ariaLabel: 'Event type' }, ...(world.events ?? []).map((name) => element('option', { textContent: name })));
  const fire = element('button', { type: 'button', textContent: 'Fire' });
  fire.addEventListener('click', () => ask('POST', `/sandbox/events/${events.value}`).catch((error) => toast(error.message)));
  return [element('h2', { textContent: 'Do something in Clockify' }), ...buttons, element('div', {}, events, ' ', fire)];
}

const tables = element('div', { id: 'tables' });

function draw() {
  const fresh = new Map();
  tables.replaceChildren(...SHOWN.flatMap(([kind, title, cells]) => {
    const rows = (world.data[kind] ?? []).slice(0, 12).map((entity) => {
      const texts = cells(entity);
      const print = texts.join('\n');
      fresh.set(entity.id, print);
      const row = element('tr', {}, ...texts.map((text) => element('td', { textContent: text })));
      row.dataset.id = entity.id;
      if (known.size && known.get(entity.id) !== print) row.className = 'changed';
      return row;
    });
    return [element('h2', { textContent: `${title} (${(world.data[kind] ?? []).length})` }), element('table', {}, element('tbody', {}, ...rows))];
  }));
  known = fresh;
}

async function look() {
  const before = JSON.stringify(world?.data ?? null);
  world = await ask('GET', '/sandbox/view');
  if (JSON.stringify(world.data) !== before) draw();
}

async function begin() {
  await look();
  chosen = chosen ?? installed().find(({ installation }) => installation)?.slug ?? world.offers[0]?.slug;
  at('workspace').textContent = world.workspaces[0]?.name ?? '';
  at('data').replaceChildren(...deeds(), tables);
  draw();
  bar();
  if (current()?.installation) await open();
  setInterval(() => look().then(() => {
    if (barShown === barOf()) return;
    bar();
    if (!current()?.installation) at('stage').replaceChildren(element('p', { textContent: 'Not installed.' }));
  }).catch(() => {}), 1000);
}

for (const select of [role, theme, language, at('width')]) select.addEventListener('change', () => { if (current()?.installation) open(); });
begin().catch((error) => toast(error.message));
