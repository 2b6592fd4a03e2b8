//! JSONPath behind a fence.
