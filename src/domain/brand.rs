//! How the documents of an issuer look: paper, colour, logo, and fields of its own.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an issuer may change on its documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    pub paper: Paper,
    /// Of headings and of what is due.
    pub colour: Colour,
    pub logo: Option<Logo>,
    /// Label and value of what the issuer has to say of itself, such as its share capital; in its order.
    pub fields: Vec<(String, String)>,
}

/// A picture at the top of page one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// SVG or PNG.
    pub path: PathBuf,
    /// What it shows, in words.
    pub alt: String,
}

/// The paper of the PDF, and of a printed page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Paper {
    #[default]
    A4,
    Letter,
}

impl Paper {
    pub const ALL: [(&str, Paper); 2] = [("a4", Paper::A4), ("letter", Paper::Letter)];
}

/// A colour in sRGB, dark enough for text on white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

impl Default for Colour {
    fn default() -> Self {
        Self { red: 0x0b, green: 0x5e, blue: 0x55 }
    }
}

impl Colour {
    /// The same mixed with white, for text on a dark ground.
    pub fn pale(self) -> Self {
        let mixed = |part: u8| part.saturating_add((u8::MAX - part) / 5 * 3);
        Self { red: mixed(self.red), green: mixed(self.green), blue: mixed(self.blue) }
    }

    /// Whether text of this colour can be read on white: a contrast of 4.5, as WCAG asks for, by a luminance that is
    /// rather too large than too small.
    fn is_readable(self) -> bool {
        // Luminance is at most 1.05 / 4.5 - 0.05 of white; the square stands for the curve of sRGB.
        const MOST: u32 = 119_000_000;
        let part = |weight: u32, part: u8| weight * u32::from(part) * u32::from(part);
        part(2126, self.red) + part(7152, self.green) + part(722, self.blue) <= MOST
    }
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a colour like #0b5e55");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let part = |from: usize| {
            let digits = digits.get(from..from + 2).unwrap_or_default();
            u8::from_str_radix(digits, 16).map_err(|_| wrong())
        };
        let colour = Self { red: part(0)?, green: part(2)?, blue: part(4)? };
        if colour.is_readable() {
            Ok(colour)
        } else {
            Err(format!("the colour {text} is too pale for text on white: take one with a contrast of 4.5 or more"))
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_can_be_read_on_white() {
        for good in ["#0b5e55", "#000000", "#1a4fd0", "#8F2D14", "#666666"] {
            assert_eq!(good.parse::<Colour>().unwrap().to_string(), good.to_lowercase());
        }
        for bad in ["", "0b5e55", "#0b5e5", "#0b5e555", "#0b5e5g", "#+b5e55", "#ééé", "#ffffff", "#ffcc00", "#888888"]
        {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
        assert_eq!(Colour::default().pale().to_string(), "#9bbebb");
    }
}
