//! How strongly two spaces share their air and warmth.
//!
//! Two offices with the door open between them are soon equally warm; behind a closed door
//! they are nearly strangers. What counts is how much passes between two spaces *beside*
//! what each exchanges with outdoors and its own heating and ventilation: that ratio is the
//! conductance that [`super::Field`] takes. A ratio of 1 means that a neighbour matters as much as
//! all the rest.
//!
//! The figures below are arguments, not measurements; [`super::Field::learn`] scales
//! them to the building that is looked at.

/// What passes between two spaces, beside what each exchanges with everything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coupling {
    /// Through a shared wall or floor.
    pub wall: f64,
    /// Through a closed door, its gaps and leaf.
    pub closed: f64,
    /// Through an open door or an opening, or on one stair from storey to storey.
    pub open: f64,
    /// Of a space with the building as a whole: weather, season, common plant.
    pub whole: f64,
    /// Share of doors that stand open when nobody has looked.
    pub usually_open: f64,
    /// Share of portals that are where a plan shows them, when nobody has looked.
    pub usually_there: f64,
}

impl Coupling {
    /// The coupling of an attribute that spreads through a building; `None` for what stays
    /// where it is.
    ///
    /// *Temperature*: an office loses about 30 W/K outwards (10 m² of façade at 1 W/m²K and
    /// 50 m³/h of air). A light partition of 15 m² at 2 W/m²K passes as much: 1. A closed door
    /// of 2 m² passes 6 W/K: 0.2. Through an open one, the exchange flow of Brown & Solvason
    /// (Int. J. Heat Mass Transfer 5 (1962) 859), (C/3)·A·√(gHΔT/T) with C = 0.6, A = 2 m²,
    /// H = 2 m and ΔT = 1 K, is 0.1 m³/s or 120 W/K: 4.
    ///
    /// *Carbon dioxide, humidity, smoke in the air*: the same flow beside 80 m³/h of supply is
    /// 4 again; a closed door leaks some 10 m³/h: 0.1; a wall nothing.
    pub fn of(attribute: &str) -> Option<Self> {
        let air = Self {
            wall: 0.0,
            closed: 0.1,
            open: 4.0,
            whole: 0.3,
            usually_open: 0.1,
            usually_there: 0.9,
        };
        match attribute {
            "temperature" => Some(Self {
                wall: 1.0,
                closed: 0.2,
                ..air
            }),
            "co2" | "humidity" => Some(air),
            _ => None,
        }
    }

    /// The conductance of a door. `exists` and `open` are probabilities; `None` means that
    /// nobody knows. What one does not know joins two rooms less than its average would: the
    /// conductance returned is the one at which two rooms with nothing else around them agree
    /// as much as they do on average over all that may be so.
    ///
    /// ```
    /// use twin_fusion::field::Coupling;
    /// let temperature = Coupling::of("temperature").unwrap();
    /// let shut = temperature.door(Some(1.0), Some(0.0));
    /// let unknown = temperature.door(Some(1.0), None);
    /// let open = temperature.door(Some(1.0), Some(1.0));
    /// assert!(shut < unknown && unknown < open);
    /// assert_eq!(temperature.door(Some(0.0), Some(1.0)), 0.0);
    /// ```
    pub fn door(&self, exists: Option<f64>, open: Option<f64>) -> f64 {
        let open = open.unwrap_or(self.usually_open).clamp(0.0, 1.0);
        let agreement = open * agreement(self.open) + (1.0 - open) * agreement(self.closed);
        from_agreement(self.presence(exists) * agreement)
    }

    /// The conductance of a wall or floor that two spaces share.
    pub fn wall(&self, exists: Option<f64>) -> f64 {
        from_agreement(self.presence(exists) * agreement(self.wall))
    }

    /// The conductance of an opening without a door.
    pub fn opening(&self, exists: Option<f64>) -> f64 {
        self.door(exists, Some(1.0))
    }

    fn presence(&self, exists: Option<f64>) -> f64 {
        exists.unwrap_or(self.usually_there).clamp(0.0, 1.0)
    }
}

/// Correlation of two rooms that are joined by a conductance and nothing else.
fn agreement(conductance: f64) -> f64 {
    conductance / (1.0 + conductance)
}

fn from_agreement(agreement: f64) -> f64 {
    agreement / (1.0 - agreement)
}
