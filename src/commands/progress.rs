//! Progress on a terminal; nothing under cron.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::engine::spark::Progress;

/// A bar of `length` steps named `what`, drawn on standard error when someone watches.
pub fn bar(watched: bool, what: &str, length: usize) -> ProgressBar {
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length as u64), target);
    let style = ProgressStyle::with_template("{msg:<12} {wide_bar} {pos}/{len} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// A bar of the tasks of a cluster, which goes when it is dropped, and what moves it.
pub fn of_tasks(watched: bool) -> (ProgressBar, Progress) {
    // Until it tells how many there are, which some never do, one is not done yet.
    let bar = bar(watched, "cluster", 1).with_finish(ProgressFinish::AndClear);
    let moved = bar.clone();
    let progress = move |done, all| {
        moved.set_length(u64::max(all, 1));
        moved.set_position(done);
    };
    (bar, Box::new(progress))
}
