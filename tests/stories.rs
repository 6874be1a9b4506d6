//! One story for each way in which the input can go wrong: what the business would be charged, if nobody looked.
//!
//! The faults are numbered I1 to I23; a story plays one of them through the whole program.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "what must end is watched with a real clock")]

mod common;

#[path = "stories/clocks.rs"]
mod clocks;
#[path = "stories/damage.rs"]
mod damage;
#[path = "stories/evidence.rs"]
mod evidence;
#[path = "stories/places.rs"]
mod places;
#[path = "stories/shapes.rs"]
mod shapes;
#[path = "stories/shop.rs"]
mod shop;
