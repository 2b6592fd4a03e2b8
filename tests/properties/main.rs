//! Laws: what holds for every input, checked on published suites and on generated ones.

mod flows;
mod jsonpath;
