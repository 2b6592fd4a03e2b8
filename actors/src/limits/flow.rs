//! Flows as they are saved, and values as they are rendered.

/// Flows in a workspace: every event is matched against all of them.
pub const FLOWS_MAX: u32 = 500;
/// Characters of a flow's name, as in the reference.
pub const NAME_CHARS_MAX: usize = 255;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// Characters of a field's name that a fault repeats: names of the API are shorter, and a client may send anything.
pub const NAME_SHOWN_CHARS_MAX: usize = 64;
/// Bytes of an event type: the platform's longest has some 40, and it stands in every event's and run's row.
pub const EVENT_TYPE_BYTES_MAX: usize = 64;
/// Event types of one trigger: more than the platform has.
pub const EVENT_TYPES_MAX: usize = 64;
/// Rules of one flow, nested ones counted.
pub const RULES_MAX: usize = 100;
/// How deep groups of rules nest.
pub const CONDITION_DEPTH_MAX: usize = 5;
/// Actions of one flow.
pub const ACTIONS_MAX: usize = 20;
/// Actions within a `FOR_EACH`.
pub const ITEM_ACTIONS_MAX: usize = 10;
/// Items of a `FOR_EACH`, at the most: each has steps in the run's record, which is written anew after each item.
pub const ITEMS_MAX: u32 = 100;
/// And unless the action says otherwise.
pub const ITEMS_DEFAULT: u32 = 50;
/// Values of one `in`.
pub const IN_VALUES_MAX: usize = 500;
/// Bytes of one pattern.
pub const PATTERN_BYTES_MAX: usize = 512;
/// Bytes of a compiled pattern; the engine's time is linear in it.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 256 * 1024;
/// Faults reported for one definition; the rest would not help anybody.
pub const FAULTS_MAX: usize = 50;
/// Bytes of a definition as it is sent.
pub const DEFINITION_BYTES_MAX: usize = 128 * 1024;
/// How deep an action's body nests, literal or rendered.
pub const BODY_DEPTH_MAX: usize = 32;
/// Values (texts, numbers, lists and so on) in an action's body.
pub const BODY_VALUES_MAX: usize = 2_000;
/// Placeholders in one text.
pub const PLACEHOLDERS_MAX: usize = 32;
/// Bytes of all that one step renders; a small template may repeat a large value.
pub const RENDERED_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one rendered path parameter.
pub const PATH_PARAMETER_BYTES_MAX: usize = 256;
/// Parameters of one action.
pub const PARAMETERS_MAX: usize = 64;
/// Runs that may begin for one entity in a minute, at the most and by default.
pub const RUNS_PER_ENTITY_PER_MINUTE_MAX: u32 = 600;
/// By default: a person does not change one entity more often.
pub const RUNS_PER_ENTITY_PER_MINUTE_DEFAULT: u32 = 10;
/// Failures in a row that pause a flow, at the most.
pub const PAUSE_AFTER_FAILURES_MAX: u32 = 1_000;
/// And unless the flow says otherwise: enough that it is no accident, and soon enough that an admin sees it the same day.
pub const PAUSE_AFTER_FAILURES_DEFAULT: u32 = 20;
/// Statuses that one action may expect.
pub const EXPECTED_MAX: usize = 16;
/// Characters of a text that is filled into a template of a flow.
pub const PARAMETER_CHARS_MAX: usize = 500;
/// Values of one comparison that a trial shows; a person does not read more.
pub const ACTUAL_VALUES_SHOWN_MAX: usize = 20;
/// Bytes of one such value.
pub const ACTUAL_SHOWN_BYTES_MAX: usize = 2 * 1024;
/// Versions of one flow that are stored; older ones go with the next change, unless a run that has not ended needs them.
pub const VERSIONS_STORED_MAX: u32 = 50;
/// Runs that are started again by one message to a workspace: some reads each, and other messages wait meanwhile no longer than for one.
pub const REPLAYS_PER_MESSAGE_MAX: usize = 100;
/// Runs that one request starts again or takes off the list of those that want attention; who has more asks again.
pub const RUNS_PER_REQUEST_MAX: usize = 1_000;
/// Most tries that a policy may ask for.
pub const RETRY_ATTEMPTS_MAX: u32 = 200;
/// Shortest wait between tries that a policy may ask for, in milliseconds: a shorter one only spends the tries.
pub const RETRY_WAIT_MS_MIN: u64 = 100;
/// Longest wait between tries that a policy may ask for, in milliseconds: six hours.
pub const RETRY_WAIT_MS_MAX: u64 = 21_600_000;
/// Longest time that a policy may keep trying, in seconds: a week.
pub const RETRY_FOR_SECONDS_MAX: u64 = 604_800;
