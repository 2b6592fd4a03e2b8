//! Every bound in one place (I5), by the part that it governs. Units are in the names; the reason stands beside the number.

pub mod bootstrap;
pub mod effort;
pub mod explorer;
pub mod flow;
pub mod http;
pub mod outbound;
pub mod pace;
pub mod run;
pub mod store;

/// Paths into payloads and contexts.
pub mod jsonpath {
    /// A path that a person writes is shorter; the evaluator overflows its stack only on kilobytes.
    pub const TEXT_BYTES_MAX: usize = 256;
    /// Segments of a path, and of each query inside a filter: payloads of the platform are six levels deep.
    pub const SEGMENTS_MAX: usize = 16;
    /// Two descents find the same node twice, three find it a thousand times.
    pub const DESCENTS_MAX: usize = 1;
    /// Names or indexes in one pair of brackets.
    pub const UNION_SELECTORS_MAX: usize = 8;
    /// Size of an index, a slice bound or a step: a body of one megabyte has no more elements.
    pub const INTEGER_MAX: u64 = 1_000_000;
    /// Comparisons and existence tests of one path: each is repeated for every candidate.
    pub const FILTER_TERMS_MAX: usize = 16;
    /// Parentheses inside each other; the parser descends once for each.
    pub const FILTER_PARENTHESES_DEEP_MAX: usize = 8;
    /// Levels of a document that a general selector is run on: the JSON reader stops at 128, a context adds a few.
    pub const DOCUMENT_LEVELS_MAX: usize = 192;
    /// Nodes of the part of a document that a general selector is run on: more than a body of one megabyte has in practice.
    pub const DOCUMENT_NODES_MAX: usize = 250_000;
    /// Node visits of one evaluation, some tens of nanoseconds each: 16 segments over the greatest document.
    pub const VISITS_MAX: usize = 4_000_000;
    /// String bytes that are compared at the price of one visit.
    pub const BYTES_COMPARED_PER_VISIT: usize = 64;
    /// Nodes that one path may give: 0.8 MB of references.
    pub const RESULT_NODES_MAX: usize = 100_000;
}

/// What is remembered of the platform's entities.
pub mod entity {
    /// The longest segment of the platform's paths has some 30 bytes.
    pub const TYPE_BYTES_MAX: usize = 64;
    /// Ids are 24 digits, few are put together of several.
    pub const ID_BYTES_MAX: usize = 128;
    /// Of a name, for lists and searches; names of the platform have at most some 250 characters, and few pass this.
    pub const SORT_KEY_BYTES_MAX: usize = 256;
}

/// The catalogue of operations and the description that it is made from.
pub mod catalogue {
    /// A description of the API: the official one has 0.9 MB.
    pub const DESCRIPTION_BYTES_MAX: u64 = 16 * 1024 * 1024;
    /// Operations: the platform has 170.
    pub const OPERATIONS_MAX: usize = 2_000;
    /// An operation's id, which stands in paths, rows and log lines.
    pub const ID_BYTES_MAX: usize = 128;
    /// Levels of a body: the deepest official one has 6.
    pub const SCHEMA_LEVELS_MAX: usize = 10;
    /// Values of one body: the largest official one has 122. It keeps a description that refers to itself crosswise small.
    pub const SCHEMA_NODES_MAX: usize = 2_000;
}

/// Tokens and keys of the platform.
pub mod token {
    /// A token as it is sent, before anything of it is read. Real ones have some 700 to 1,200 bytes.
    pub const TEXT_BYTES_MAX: usize = 8 * 1024;
    /// A claim or a base URL that is kept.
    pub const CLAIM_BYTES_MAX: usize = 512;
    /// How far the platform's clock and ours may differ, in seconds, for `exp`, `nbf` and `iat`.
    pub const LEEWAY_SECONDS: u64 = 60;
    /// Verified tokens that are remembered, some 400 bytes each: those of 1,250 busy workspaces with 52 webhooks. One more verification costs 20 µs.
    pub const REMEMBERED_MAX: usize = 65_536;
    /// How long a token is remembered before its signature is checked again, in seconds.
    pub const REMEMBERED_SECONDS: u64 = 3_600;
    /// Tokens in use that are passed over in the search for one to forget; then the next one goes, in use or not.
    pub const REMEMBERED_PASSED_OVER_MAX: usize = 16;
    /// Keys of a set, and of a PEM text: each may be tried for a token that does not name its key.
    pub const KEYS_MAX: usize = 16;
    /// Bits of an RSA key, at least.
    pub const KEY_BITS_MIN: usize = 2_048;
    /// And at the most: a larger one takes a millisecond for each token.
    pub const KEY_BITS_MAX: usize = 8_192;
    /// A key set or a PEM file; 16 keys of 8,192 bits have some 25 KiB.
    pub const KEY_SET_BYTES_MAX: usize = 64 * 1024;
    /// Time for one fetch of a key set, in seconds.
    pub const KEY_SET_FETCH_SECONDS_MAX: u64 = 10;
    /// Between two fetches that tokens with unknown keys ask for, and after a failed one, in seconds.
    pub const KEY_SET_AGAIN_SECONDS: u64 = 60;
    /// Between two fetches that nobody asks for, in seconds.
    pub const KEY_SET_REFRESH_SECONDS: u64 = 3_600;
    /// Fetches that wait for the thread that makes them; each is shared by all who want keys.
    pub const KEY_SET_FETCHES_WAITING_MAX: usize = 4;
}

/// Schedules of flows.
pub mod schedule {
    /// Bytes of a cron expression: lists of single minutes have some 170.
    pub const CRON_BYTES_MAX: usize = 256;
    /// Characters of a part of a cron expression that a fault repeats: enough to find it.
    pub const PART_SHOWN_CHARS_MAX: usize = 32;
    /// Bytes of a time zone's name; the longest there is has 32.
    pub const TIME_ZONE_BYTES_MAX: usize = 64;
    /// How long the platform may take to say who saves a schedule, in milliseconds; the one who saves it waits.
    pub const PERSON_MS_MAX: u64 = 2_500;
    /// Bytes of its answer: a person with hundreds of workspaces.
    pub const PERSON_BYTES_MAX: usize = 256 * 1024;
    /// Days that are looked through for the next one that fits: from one 29 February to the next it may be eight years.
    pub const DAYS_SEARCHED_MAX: usize = 8 * 366 + 2;
    /// Flows that one round of the sweeper starts; the others follow in the next, seconds later, the longest overdue first.
    pub const DUE_PER_ROUND_MAX: u32 = 500;
}

/// Calls of other servers than the platform's.
pub mod web {
    /// Time for one call, name look-up to last byte, in milliseconds; a place is waited for before that.
    pub const CALL_MS_MAX: u64 = 30_000;
    /// Calls under way, for each arbiter: they have connections of their own, so that a slow server takes none of the platform's.
    pub const CALLS_MAX: usize = 128;
    /// Calls of one workspace that are under way: it takes sixteen workspaces to have all places, and then who has the fewest calls goes first.
    pub const CALLS_PER_WORKSPACE_MAX: usize = 8;
    /// Calls of one host that are under way, for each arbiter: what a modest server takes without trouble.
    pub const CALLS_PER_HOST_MAX: usize = 16;
    /// And of one workspace to one host, so that no workspace has all of a host's places.
    pub const CALLS_PER_WORKSPACE_AND_HOST_MAX: usize = 4;
    /// Calls that wait for a place, for each arbiter; a further one is tried again later.
    pub const CALLS_WAITING_MAX: usize = 4_096;
    /// How long a call waits for a place, in milliseconds, before its run makes room for others and tries again later.
    pub const PLACE_WAIT_MS_MAX: u64 = 10_000;
    /// Bytes of a header field's name.
    pub const HEADER_NAME_BYTES_MAX: usize = 64;
    /// Bytes of all header fields that a flow sets: common servers take 8 KiB of them.
    pub const HEADERS_BYTES_MAX: usize = 8 * 1024;
    /// Bytes of a header field of the answer that is kept.
    pub const HEADER_KEPT_BYTES_MAX: usize = 1_024;
    /// Names that an action gives to parts of the answer.
    pub const NAMES_MAX: usize = 32;
    /// Bytes of one of them: a word that stands in paths.
    pub const NAME_BYTES_MAX: usize = 64;
    /// Characters of a refusal's own words that are shown.
    pub const WORDS_SHOWN_MAX: usize = 300;
}

/// Secrets of a workspace, for its flows.
pub mod secret {
    /// Secrets of a workspace: more than it has other servers to talk to.
    pub const SECRETS_MAX: u32 = 100;
    /// Bytes of its name: a word in capitals, as environment variables have.
    pub const NAME_BYTES_MAX: usize = 64;
    /// Bytes of one: a long-lived token or a private key of some kilobits.
    pub const VALUE_BYTES_MAX: usize = 4 * 1024;
    /// Bytes of one at the least: a shorter text could not be told from ordinary words in an answer.
    pub const VALUE_BYTES_MIN: usize = 4;
    /// Bytes of what it is sent in: JSON writes a byte in six at the most.
    pub const BODY_BYTES_MAX: usize = 32 * 1024;
}

/// What is remembered of changes.
pub mod activity {
    /// Changes kept for a workspace, the latest: a year of busy admins, and half a megabyte.
    pub const KEPT_MAX: u32 = 2_000;
    /// Characters of each text: a flow's name and more.
    pub const TEXT_CHARS_MAX: usize = 300;
}

/// Custom sources.
pub mod source {
    /// Sources of a workspace: each costs memory while its actor lives.
    pub const SOURCES_MAX: u32 = 50;
    /// Bytes of its name: a word that stands in paths.
    pub const NAME_BYTES_MAX: usize = 64;
    /// Digits of a message's time, in seconds: enough for thirty thousand years.
    pub const TIMESTAMP_DIGITS_MAX: usize = 12;
    /// Seconds that a message's time may be off, both ways, as Standard Webhooks advise.
    pub const TOLERANCE_SECONDS: u64 = 300;
    /// Bytes of a sender's message id.
    pub const MESSAGE_ID_BYTES_MAX: usize = 128;
    /// Bytes of the id of what a message is about: it stands in a column of the event and of its runs.
    pub const ENTITY_ID_BYTES_MAX: usize = 128;
    /// Bytes of a header's name that an admin chooses.
    pub const HEADER_NAME_BYTES_MAX: usize = 64;
    /// How long a former secret stays good after a rotation, in seconds, unless it is said otherwise: a day.
    pub const ROTATION_SECONDS_DEFAULT: u64 = 86_400;
    /// And at the most: thirty days.
    pub const ROTATION_SECONDS_MAX: u64 = 2_592_000;
    /// Signatures that are looked at in one `webhook-signature`; a sender that rotates sends two.
    pub const SIGNATURES_MAX: usize = 8;
}

/// Webhooks that the manifest does not declare.
pub mod subscription {
    /// How long the platform may take to list webhooks, to delete one or to give one a new token, in milliseconds. A subscription looks twice and
    /// makes once at the most, and stays below `actor::ANSWER_MS_MAX`.
    pub const LOOK_MS_MAX: u64 = 2_500;
    /// How long it may take to make one, in milliseconds.
    pub const MAKE_MS_MAX: u64 = 4_000;
    /// How long a look at the platform's list is good, in seconds: a page that is opened again shows the same, and who has changed something in Clockify
    /// waits no longer than it takes to come back.
    pub const LOOK_GOOD_SECONDS: u64 = 30;
    /// Characters of a webhook's name, at the most; the platform refuses longer ones.
    pub const NAME_CHARS_MAX: usize = 30;
    /// Bytes of a webhook's id: the platform's have 24.
    pub const WEBHOOK_ID_BYTES_MAX: usize = 64;
    /// Bytes of its answer: 300 webhooks, as many as the largest plan has, with a token of some 700 bytes each.
    pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
    /// Webhooks that an uninstall takes back at the platform: one for each event.
    pub const TAKEN_BACK_MAX: usize = 52;
    /// Characters of a token that an admin pastes, at least: a shorter one could be guessed.
    pub const TOKEN_CHARS_MIN: usize = 16;
    /// Whose plain tokens these are, remembered so that a delivery does not ask the store: some 100 bytes each.
    pub const TOKENS_REMEMBERED_MAX: usize = 16_384;
    /// Events that a list of subscriptions looks at for when each came last.
    pub const EVENTS_LOOKED_AT_MAX: u32 = 1_000;
    /// And how far back, in seconds: thirty days.
    pub const EVENTS_LOOKED_BACK_SECONDS: u64 = 2_592_000;
}

/// Actors: mailboxes, restarts, idle time.
pub mod actor {
    /// Messages that wait for one workspace; more are answered 503.
    pub const MAILBOX_MAX: usize = 512;
    /// Deliveries of one workspace that are under way, from the mailbox to the answer of the store; more are answered 503. A sixteenth of the store's queue,
    /// and as many as one commit takes.
    pub const DELIVERIES_UNDER_WAY_MAX: usize = 256;
    /// How long a delivery waits for room in a mailbox, in milliseconds: a fresh actor's is small until its thread has begun it.
    pub const MAILBOX_WAIT_MS: u64 = 250;
    /// Pause between looks at a full mailbox, in milliseconds.
    pub const MAILBOX_LOOK_MS: u64 = 5;
    /// Pause between looks at whether calls have ended while the service stops, in milliseconds.
    pub const DRAIN_LOOK_MS: u64 = 25;
    /// How long a caller waits for an answer, in milliseconds.
    pub const ANSWER_MS_MAX: u64 = 15_000;
    /// How often a message is offered again when its actor has just gone.
    pub const OFFERS_MAX: usize = 4;
    /// Restarts within [`RESTART_WINDOW_SECONDS`] beyond which a workspace is quarantined.
    pub const RESTARTS_MAX: usize = 5;
    /// The window that restarts are counted in, in seconds.
    pub const RESTART_WINDOW_SECONDS: u64 = 60;
    /// Wait before the first restart, in milliseconds; doubles with each further one.
    pub const RESTART_BACKOFF_MS: u64 = 50;
    /// How long a quarantine lasts unless an admin lifts it, in seconds.
    pub const QUARANTINE_SECONDS: u64 = 600;
    /// An actor that could not read its state tries again after this many milliseconds.
    pub const RELOAD_MS: u64 = 1_000;
    /// An actor without work is unloaded after this many seconds.
    pub const IDLE_SECONDS: u64 = 300;
    /// Seconds between the sweeper's rounds.
    pub const SWEEP_SECONDS: u64 = 5;
    /// Workspaces that the sweeper asks the store for at a time.
    pub const SWEEP_PAGE: u32 = 500;
    /// How long steps may end when the service stops, in milliseconds.
    pub const DRAIN_MS_MAX: u64 = 10_000;
    /// Threads that workspaces live on.
    pub const ARBITERS_MAX: usize = 64;
}

/// Old rows.
pub mod retention {
    /// Seconds between rounds.
    pub const ROUND_SECONDS: u64 = 3_600;
    /// Pause between two batches of one workspace, in milliseconds: deliveries come first.
    pub const PAUSE_MS: u64 = 20;
    /// Installations asked for at a time.
    pub const KEYS_PAGE: u32 = 500;
}

/// Streams of what happens, for open pages.
pub mod stream {
    /// Streams of one workspace: some admins with some tabs each.
    pub const LISTENERS_PER_WORKSPACE_MAX: usize = 32;
    /// Streams of a process: each holds a connection and some hundred bytes.
    pub const LISTENERS_MAX: usize = 4_096;
    /// Runs that wait to be told of one by one; of more the page is told that there are more, and reads the list.
    pub const RUNS_REMEMBERED_MAX: usize = 64;
    /// Events of one piece.
    pub const EVENTS_AT_A_TIME: u32 = 100;
    /// Seconds between signs of life. Proxies commonly cut what is silent for a minute.
    pub const HEARTBEAT_SECONDS: u64 = 15;
}

/// What an operator or an admin may set, where no other part bounds it.
pub mod setting {
    /// Pages of one list that a snapshot reads: at 5,000 entities a page more than any workspace has.
    pub const PAGES_MAX: u32 = 10_000;
    /// Days that time entries are read back, that events and runs are kept, and that entities of a snapshot are: a year, as in the reference.
    pub const DAYS_MAX: u32 = 365;
    /// Events that one custom sender may send in a minute: a hundred a second is a flood for one workspace.
    pub const CUSTOM_WEBHOOKS_PER_MINUTE_MAX: u32 = 6_000;
    /// How long writing settings to the platform may take, in milliseconds: with the wait for room it stays below `actor::ANSWER_MS_MAX`.
    pub const WRITE_MS_MAX: u64 = 8_000;
    /// Bytes of the platform's answer to that: the whole tree of settings.
    pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
    /// Characters of the platform's words about a refusal that an admin is shown.
    pub const WORDS_CHARS_MAX: usize = 300;
    /// Bytes of a change of settings or of a custom source: some texts and numbers.
    pub const CHANGE_BYTES_MAX: usize = 16 * 1024;
}

/// Counters.
pub mod metrics {
    /// Patterns of the route table that are counted one by one: several times as many as there are.
    pub const ROUTES_MAX: usize = 256;
}

/// The simulated platform. It runs on a developer's machine or in a test, never under `serve`.
pub mod sandbox {
    /// Bytes of a request's body: more than any honest call has.
    pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
    /// Bytes of a body that the journal keeps.
    pub const JOURNAL_BODY_BYTES_MAX: usize = 64 * 1024;
    /// Requests that the journal remembers; the oldest are forgotten.
    pub const JOURNAL_REQUESTS_MAX: usize = 10_000;
    /// Deliveries that are remembered; the oldest are forgotten.
    pub const DELIVERIES_MAX: usize = 10_000;
    /// Deliveries on their way at a time.
    pub const DELIVERIES_IN_FLIGHT_MAX: usize = 32;
    /// Tries of one delivery. How often the platform tries is not known; this is enough to see that it does.
    pub const DELIVERY_TRIES: u32 = 8;
    /// Time between tries of a delivery, in milliseconds: the shortest gap that was seen on the platform.
    pub const REDELIVERY_MS: u64 = 14_000;
    /// How long the service may take to answer a webhook or a lifecycle call, in milliseconds. The platform's own limit is not known.
    pub const ANSWER_MS_MAX: u64 = 20_000;
    /// Bytes of the service's answers that are read.
    pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
    /// Requests a second for one installation, as documented.
    pub const REQUESTS_PER_SECOND: usize = 50;
    /// Entities of a list's page, if the caller does not say.
    pub const PAGE_SIZE_DEFAULT: usize = 50;
    /// Timers that run, on a page, if the caller does not say; documented.
    pub const PAGE_SIZE_IN_PROGRESS: usize = 10;
    /// Entities of a list's page at the most; a larger page is refused.
    pub const PAGE_SIZE_MAX: usize = 5_000;
    /// Timers that run, and rows of a report, on a page at the most.
    pub const PAGE_SIZE_SMALL_MAX: usize = 1_000;
    /// Policies, balances and requests of time off on a page at the most; documented.
    pub const PAGE_SIZE_TIME_OFF_MAX: usize = 200;
    /// Entities of one kind in a workspace; the oldest leave when more are made, so that a client that only creates cannot fill the memory.
    pub const ENTITIES_MAX: usize = 100_000;
    /// Deleted entities that the feed of deletions remembers; the oldest are forgotten.
    pub const DELETED_MAX: usize = 1_000;
    /// Uploaded files that a workspace keeps; the oldest leave. Together with the bound of a request's body this bounds their memory.
    pub const FILES_MAX: usize = 20;
    /// Parts of a form.
    pub const FORM_PARTS_MAX: usize = 100;
    /// Weeks for which a recurring assignment is planned.
    pub const ASSIGNMENT_WEEKS_MAX: u64 = 99;
    /// Faults that wait to happen.
    pub const FAULTS_MAX: usize = 100;
    /// Bytes of a huge answer.
    pub const HUGE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
    /// Entities of each kind that a workspace is filled with on request.
    pub const SEEDED_ENTITIES_MAX: usize = 10_000;
    /// Webhooks of a workspace whose plan is the largest.
    pub const WEBHOOKS_OF_PLAN: usize = 300;
    /// Workspaces of one platform.
    pub const WORKSPACES_MAX: usize = 1_000;
    /// Entities of a kind that its page shows: the newest.
    pub const SHELL_ENTITIES_MAX: usize = 50;
    /// How long any step of the demo may take, in seconds: a moment on an idle machine, and a bound for all others.
    pub const STORY_STEP_SECONDS_MAX: u64 = 30;
    /// How often the demo asks how far things are, in milliseconds.
    pub const STORY_POLL_MS: u64 = 20;
}
