//! What a command tells while it works: one line for each thing begun and done, with seconds.

use anstream::adapter::strip_str;
use anyhow::Result;
use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Whether standard output is for another program to read, and what is told of the work goes to standard error.
static ASIDE: AtomicBool = AtomicBool::new(false);

/// From now on, tell of the work on standard error: standard output is for what the command yields.
pub fn aside() {
    ASIDE.store(true, Ordering::SeqCst);
}

/// Print what the command yields, whatever else is told.
pub fn result(text: impl Display) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Print one line to standard output, or beside it.
pub fn line(text: impl Display) {
    if ASIDE.load(Ordering::SeqCst) {
        let _ = writeln!(stderr().lock(), "{text}");
        return;
    }
    // A closed pipe (`| head`) is no reason to stop halfway.
    #[cfg(not(test))]
    let _ = writeln!(stdout().lock(), "{text}");
    #[cfg(test)]
    #[allow(clippy::print_stdout, reason = "tests capture nothing else")]
    {
        println!("{text}");
    }
}

/// What the work that is being shown does right now, such as a compiler's last line.
static DETAIL: Mutex<String> = Mutex::new(String::new());

/// Show `text` beside the line of the work that is under way, without the colours that programs write into it.
pub fn detail(text: &str) {
    let mut detail = DETAIL.lock().unwrap_or_else(PoisonError::into_inner);
    *detail = strip_str(text).to_string();
}

/// Run `work` under a line that says what is being done, for how long, and how it ended. On a terminal the
/// seconds count on; elsewhere a line is printed at the beginning of long work and at its end.
pub fn during<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let step = Step::begin(what);
    let result = work();
    step.end(match &result {
        Ok(_) => "ok",
        Err(_) => "FAILED",
    });
    result
}

/// A line that is being shown.
#[derive(Debug)]
pub struct Step {
    what: String,
    start: Instant,
    counter: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Only one line can count on at a time; work inside other work prints only its end.
static COUNTING: AtomicBool = AtomicBool::new(false);

impl Step {
    pub fn begin(what: &str) -> Self {
        let start = Instant::now();
        let counter = (!COUNTING.swap(true, Ordering::SeqCst)).then(|| {
            let (stop, stopped) = channel();
            let shown = what.to_owned();
            (stop, thread::spawn(move || count(&shown, start, &stopped)))
        });
        Self { what: what.to_owned(), start, counter }
    }

    pub fn end(mut self, outcome: &str) {
        self.stop_counting();
        line(format_args!("{:<44} {:>7.1} s  {outcome}", self.what, self.start.elapsed().as_secs_f64()));
    }

    fn stop_counting(&mut self) {
        if let Some((stop, counter)) = self.counter.take() {
            drop(stop);
            let _ = counter.join();
            COUNTING.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.stop_counting();
    }
}

fn count(what: &str, start: Instant, stopped: &Receiver<()>) {
    detail("");
    let terminal = stdout().is_terminal() && !ASIDE.load(Ordering::SeqCst);
    // On a terminal the line is written over; a log gets a line now and then, and none for work of a moment.
    let mut pause = Duration::from_millis(if terminal { 200 } else { 2000 });
    let longest = if terminal { 60 } else { 160 };
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let detail: String = DETAIL.lock().unwrap_or_else(PoisonError::into_inner).chars().take(longest).collect();
        let shown = format!("{what:<44} {:>7.1} s  {detail}", start.elapsed().as_secs_f64());
        if terminal {
            let mut out = stdout().lock();
            let _ = write!(out, "\r\x1b[K{shown}");
            let _ = out.flush();
        } else {
            line(shown.trim_end());
            pause = Duration::from_secs(30);
        }
    }
    if terminal {
        let mut out = stdout().lock();
        let _ = write!(out, "\r\x1b[K");
        let _ = out.flush();
    }
}
