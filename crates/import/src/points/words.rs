//! What the words in names of points mean, in English, Dutch and German, and as abbreviated.
//!
//! The abbreviations are those in common use: the guidelines for names of Siemens, Johnson
//! Controls and Niagara systems, UFGS 25 10 10, the tags of Project Haystack and the classes of
//! Brick, and in Dutch and German what stands on drawings (NEN 3610 has none; VDI 3814 has some), for kinds of air those of EN 16798-3 and VDI 3803.

/// What a word says about the value of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sense {
    /// The quantity itself, clearly.
    Quantity(Quantity),
    /// The quantity, if nothing else says more: `t`, `occ`.
    Perhaps(Quantity),
    /// A wish, a limit or an order, not a reading.
    Wanted,
    /// An alarm or fault: a reading of a fire detector, but of nothing else.
    Alarm,
    /// The state of a device.
    State,
    /// Of air or water in plant, or outdoors: no reading of a room.
    Medium,
    /// A machine: what stands behind it may still be of a room.
    Machine,
    /// A part of a machine: never of a room.
    Part,
    /// How many.
    Count,
    /// Of a room or zone.
    Room,
    /// A detector or sensor: says nothing on its own.
    Device,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quantity {
    Temperature,
    Humidity,
    Co2,
    Smoke,
    Motion,
    Occupancy,
    Open,
    Lift,
    Door,
    Flow,
    Passages,
    Phones,
    Light,
    Sound,
    Dust,
    Voc,
    CarbonMonoxide,
    Water,
    CallPoint,
    Sprinkler,
    Power,
    Energy,
    Pressure,
}

impl Quantity {
    /// The attribute that holds it, with the unit assumed where none is stated.
    pub(super) fn attribute(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Temperature => ("temperature", Some("Cel")),
            Self::Humidity => ("humidity", Some("%")),
            Self::Co2 => ("co2", Some("[ppm]")),
            Self::Smoke => ("smoke", None),
            Self::Motion => ("motion", None),
            Self::Occupancy => ("occupancy", Some("1")),
            Self::Open | Self::Door => ("open", None),
            Self::Lift => ("serviceState", None),
            Self::Flow => ("ventilation", Some("m3/h")),
            Self::Passages => ("passages", Some("1")),
            Self::Phones => ("phones", Some("1")),
            Self::Light => ("illuminance", Some("lx")),
            Self::Sound => ("soundLevel", Some("dB")),
            Self::Dust => ("particulates", Some("ug/m3")),
            Self::Voc => ("volatileOrganics", Some("[ppb]")),
            Self::CarbonMonoxide => ("carbonMonoxide", Some("[ppm]")),
            Self::Water => ("waterLeak", None),
            Self::CallPoint => ("callPoint", None),
            Self::Sprinkler => ("sprinklerFlow", None),
            Self::Power => ("power", Some("W")),
            Self::Energy => ("energy", Some("kW.h")),
            Self::Pressure => ("pressure", Some("Pa")),
        }
    }

    /// Whether a yes or no is a plausible value.
    pub(super) fn is_yes_or_no(self) -> bool {
        matches!(
            self,
            Self::Smoke
                | Self::Motion
                | Self::Open
                | Self::Door
                | Self::Water
                | Self::CallPoint
                | Self::Sprinkler
                | Self::Lift
        )
    }
}

use Quantity as Q;
use Sense::{
    Alarm, Count, Device, Machine, Medium, Part, Perhaps, Quantity as Is, Room, State, Wanted,
};

/// Words by what they say. A word stands once.
const SENSES: &[(Sense, &str)] = &[
    (
        Is(Q::Temperature),
        "temp tmp temperature temperatuur temperatur temps tempr tmpr tempsens znt zntmp \
         zntemp rmt rmtmp rmtemp spctmp spctemp zt rt art rtemp tr trm rtmp degc celsius tmpt \
         zonetemp roomtemp ztmp ztemp ruimtetemp raumtemp rtmess tm teds warmte thermostat \
         tstat",
    ),
    (
        Is(Q::Humidity),
        "rh hum humid humidity hmd hmdt vocht vochtigheid luchtvochtigheid rv feuchte \
         feuchtigkeit luftfeuchte rf relhum rhum znrh rmrh znh zh rmh relh humi hygro phi \
         humd rhs",
    ),
    (
        Is(Q::Co2),
        "co2 carbondioxide kooldioxide kohlendioxid co2ppm znco2 rmco2 iaq zco2 carbdiox \
         co2lvl",
    ),
    (
        Is(Q::Smoke),
        "sd smk smoke smkdet smdet rook rookmelder rookmeld rauch rauchmelder smkd sdet osd \
         optsd vesda asd brandmelder rwm ssd psd smoked smokedet om rmeld rkm rmld smkdt smke",
    ),
    (
        Is(Q::Motion),
        "pir motion mot mov movement beweging bewegung bwm bewegingsmelder bewegungsmelder \
         praesenz presence pres prs aanwezig aanwezigheid anwesenheit pmd mtn occs occsens \
         occsen praesenzmelder pirs aanw prsnc motn bew bewg praes occsnsr vacancy",
    ),
    (Perhaps(Q::Motion), "occ occupied occup oc bezet belegt"),
    (
        Is(Q::Occupancy),
        "people ppl persons personen pers headcount peoplecount pplcnt occcnt occcount \
         occupants aantal anzahl bezetting belegung pcount pax peopcnt ppcnt pc headcnt occn",
    ),
    (Perhaps(Q::Occupancy), "occupancy"),
    (
        Is(Q::Open),
        "dps dcs dct dc doorcontact deurcontact tuerkontakt magneetcontact mc rsw reed drctc \
         drcont doorsts drsts doorstatus doorpos tk dk dpsw mgc reedcontact dops drctct \
         deurstand doorst tkontakt opn drpos dcon doorsw drsw",
    ),
    (
        Is(Q::Door),
        "door dr deur tuer tur drs gate poort tor window raam fenster",
    ),
    (
        Perhaps(Q::Open),
        "open opened closed contact cont ctc kontakt ajar",
    ),
    (
        Is(Q::Lift),
        "lft lift elev elevator aufzug aufz lifts elv lifttoestand",
    ),
    (
        Is(Q::Flow),
        "airflow vavflow flow flw debiet volumenstrom luchtdebiet luftmenge volstrom cfm",
    ),
    (
        Is(Q::Passages),
        "passages passage counter footfall turnstile tourniquet passagen inout teller pcnt",
    ),
    (
        Is(Q::Phones),
        "phones wifi wlan clients wificlients assoc telefoons",
    ),
    (
        Is(Q::Light),
        "lux illum illuminance lichtsterkte lichtniveau helligkeit beleuchtungsstaerke lx \
         daylight brightness lichtst lum lichtwaarde ldr",
    ),
    (
        Is(Q::Sound),
        "noise sound spl geluid laerm dba soundlevel schall",
    ),
    (
        Is(Q::Dust),
        "pm25 pm10 dust fijnstof feinstaub particulates",
    ),
    (Is(Q::Voc), "voc tvoc vocs"),
    (
        Is(Q::CarbonMonoxide),
        "co carbonmonoxide koolmonoxide kohlenmonoxid",
    ),
    (
        Is(Q::Water),
        "leak leakage lekkage leck waterleak wld wlk lek flood",
    ),
    (
        Is(Q::CallPoint),
        "mcp hbm callpoint handmelder hm hfm handbrandmelder bgu pullstation handfeuermelder mcps \
         druckknopfmelder dkm",
    ),
    (
        Is(Q::Sprinkler),
        "sprinkler spk spr fs flowswitch sprink wfs sprk",
    ),
    (Is(Q::Power), "kw power vermogen leistung watt pwr wattage"),
    (
        Is(Q::Energy),
        "kwh energy energie mwh verbruik verbrauch enrg",
    ),
    (
        Is(Q::Pressure),
        "pressure press druk druck dp dpt drk diffpress pa bar barometric",
    ),
    (Perhaps(Q::Temperature), "t tt ts"),
    (Perhaps(Q::Humidity), "h hs ht"),
    (
        Wanted,
        "sp spt stpt setpt setp setpoint setpnt setpunt set soll sollwert sw gewenst wens \
         wenswaarde gew ingesteld instelling target limit lim lmt max min maximum minimum \
         hilim lolim grens grenze grenswaarde grenzwert cmd command output out reset override \
         ovr ovrd offset ofs adj adjust dial deadband band schedule sched sch mode mod eff \
         effsp clgsp htgsp occsp znsp zsp tsp rsp rmsp unocc unoccsp cal calibration param \
         gain delay dly klok tijdprogramma zeitprogramm vrijgave freigabe enable enbl ena \
         request req demand dmd zst csp hsp ctlsp ctlstpt sturing stelsignaal stell \
         stellsignal wanted desired hi lo high low hoog laag hoch tief threshold thres \
         drempel schwelle warn warnlimit almlim heatsp coolsp avg average gem gemiddeld \
         mittel mean simulated forecast maxlim minlim cooling heating clg htg heat cool koel \
         koelen verwarmen heizen kuehlen error err fail hours runtime trend log battery batt \
         bat rssi lqi snr tamper linkquality voltage test bypass isolate isolated disabled \
         ack maint maintenance dirty obscuration sensitivity loop fw firmware uptime \
         heartbeat online",
    ),
    (
        Alarm,
        "alarm alm alrm al alert melding meldung storing stoerung fault flt flts tripped trip \
         fire brand feuer ala",
    ),
    (
        State,
        "status sts stat state st fb feedback toestand zustand value val pv present actual \
         act ist istwert meas measured meetwaarde gemeten mw waarde wert reading stand \
         position pos service inservice",
    ),
    (
        Medium,
        "supply discharge return mixed outside outdoor exhaust sat dat rat mat oat eat sa da \
         ra ma oa ea supp zuluft abluft aussen fortluft aussenluft inblaas toevoer afvoer \
         retour buiten buitentemp afzuig water chw hw chws chwr hws hwr lthw cws cwr cw \
         vorlauf ruecklauf aanvoer vl rl ww cv steam stoom dampf gas coil leaving entering \
         preheat weather enthalpy dewpoint wetbulb duct inlet outlet fresh slab toe ret disch \
         sup rtn surface condenser evaporator glycol brine zul abl aul fol uml inblt oda eta eha",
    ),
    (Count, "count cnt number num qty"),
    (
        Machine,
        "ahu lbk rlt rlta lbh chiller chl koelmachine kaeltemaschine boiler blr ketel kessel \
         tower heatpump wp warmtepomp rtu mau crac crah ups generator gen transformer tank \
         vat coolingtower hx wtw wrg kt",
    ),
    (
        Part,
        "pump vent pmp pomp pumpe valve vlv klep ventil damper dmpr dmp dpr fan ventilator luefter \
         motor mtr speed vfd vsd spd filter meter radiator rad lamp light lights ltg licht \
         lighting blind zonwering jalousie relay breaker regelklep fanspeed vlvpos dmprpos \
         klepstand car hoist overload luminaire",
    ),
    (
        Room,
        "zone zn zon room rm ruimte raum kamer space spc spce vertrek zi zimmer ambient amb \
         indoor binnen innen lokaal area vav fcu ruimtevoeler nk naregeling",
    ),
    (
        Device,
        "sensor sns sens snsr sen voeler fuehler opnemer detector det melder meld detect \
         transmitter xmtr probe wall air lucht luft rel relative relatieve concentration conc \
         quality qual optical photo magnet switch magneet ceiling ai bi av bv di msv input \
         inp analog binary digital",
    ),
];

/// Words that say nothing in the name of a room but that it is one.
pub(super) const ROOM_MARKERS: &str = "r rm room raum kamer ruimte zi zimmer vertrek space spc lokaal kmr rmnr zone zn z k ruim rme \
 unit rn rno no nr num vav fcu nk";

/// Words before or after the number of a storey. The weak ones are letters that can mean others.
pub(super) const STOREY_MARKERS: &str = "level bwl lvl lv lev floor flr fl storey story verdieping verd vd vdp etage et ebene stock \
 stockwerk geschoss og obergeschoss bouwlaag bl laag niveau stw flo stry eb gesch vrd ogs \
 lvel floors";
pub(super) const STOREY_MARKERS_WEAK: &str = "l f v e";
/// The same below ground.
pub(super) const BASEMENT_MARKERS: &str = "basement bsmt ug untergeschoss kelder keller kg sub lg bmt souterrain bsm tiefgeschoss \
 parking tg";
pub(super) const BASEMENT_MARKERS_WEAK: &str = "b k p u";
/// Words that are the storey at street level.
pub(super) const GROUND_WORDS: &str = "ground gnd gf groundfloor grnd eg erdgeschoss bg begane beganegrond bgg parterre bgr grd \
 grond";
pub(super) const GROUND_WORDS_WEAK: &str = "g";
/// Words that are the highest storey.
pub(super) const ROOF_WORDS: &str = "roof rooftop dak dach dg rof";

/// Uses of rooms by their words; the first is the one that stands for all.
const CONCEPTS: &[&str] = &[
    "meeting mtg meet vergader vergaderzaal vergaderruimte vergaderkamer besprechung \
     besprechungsraum conference conf overleg mtgrm",
    "corridor corr cor gang flur hallway passage crdr korridor verkeersruimte",
    "lobby lby foyer vestibule entrance entree hal lob vorraum",
    "reception recep receptie empfang rcpt",
    "stair stairs stairwell stw trap trappenhuis treppe treppenhaus stwl strs stairway th",
    "lift lft elev elevator aufzug aufz elv lifts liftkoker",
    "toilet wc tlt toil toiletten restroom sanitair sanitary lavatory washroom wcs",
    "plant plantroom mech mechanical technik techniek technische tech installatie pltrm",
    "kitchen pantry keuken kueche kitch ktn pantries teekueche",
    "store storage berging lager stor opslag magazijn abstellraum strg",
    "office off kantoor buero ofc kant ktr",
    "server serverruimte serverraum mer ser it comms data datacenter edv",
    "parking garage carpark parkeer parkeergarage tiefgarage parken prk",
    "refuge refugefloor vluchtvloer schutzgeschoss",
    "shaft riser schacht koker",
    "electrical elec elektra elektro elektroraum meterkast",
    "restaurant canteen kantine cafeteria mensa",
    "north noord nord",
    "south zuid sued",
    "east oost ost",
    "west",
    "pump pomp pumpe",
];

/// Whether a list of words, one space between them, has a word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// Every sense by its word, for look-ups.
pub(super) struct Words {
    senses: rustc_hash::FxHashMap<&'static str, Sense>,
    concepts: rustc_hash::FxHashMap<&'static str, &'static str>,
    longest: usize,
}

impl Words {
    pub(super) fn new() -> Self {
        let mut senses = rustc_hash::FxHashMap::default();
        for (sense, words) in SENSES {
            for word in words.split(' ') {
                senses.entry(word).or_insert(*sense);
            }
        }
        let mut concepts = rustc_hash::FxHashMap::default();
        for words in CONCEPTS {
            let mut all = words.split(' ');
            if let Some(first) = all.next() {
                concepts.insert(first, first);
                for word in all {
                    concepts.entry(word).or_insert(first);
                }
            }
        }
        let longest = senses.keys().map(|w| w.len()).max().unwrap_or(0);
        Self {
            senses,
            concepts,
            longest,
        }
    }

    pub(super) fn sense(&self, word: &str) -> Option<Sense> {
        self.senses.get(word).copied()
    }

    /// The word that stands for all with the same meaning.
    pub(super) fn concept<'w>(&self, word: &'w str) -> &'w str {
        self.concepts.get(word).copied().unwrap_or(word)
    }

    /// What the parts of a word without gaps say: `rookmelder`, `tempsp`. Parts have two
    /// letters at least. Empty where it is no such word.
    pub(super) fn parts(&self, word: &str) -> Vec<Sense> {
        if !word.is_ascii() || word.len() < 4 || word.len() > 40 {
            return Vec::new();
        }
        let short = 2;
        // Fewest parts that make the whole word, by its length so far.
        let mut best: Vec<Option<(u32, usize)>> = vec![None; word.len() + 1];
        best[0] = Some((0, 0));
        for end in short..=word.len() {
            for begin in end.saturating_sub(self.longest)..=end - short {
                let Some((cost, _)) = best[begin] else {
                    continue;
                };
                if self.senses.contains_key(&word[begin..end]) {
                    // A short part is worth less than a long one.
                    let cost = cost + if end - begin == 2 { 3 } else { 2 };
                    if best[end].is_none_or(|(least, _)| cost < least) {
                        best[end] = Some((cost, begin));
                    }
                }
            }
        }
        let mut parts = Vec::new();
        let mut end = word.len();
        while end > 0 {
            let Some((_, begin)) = best[end] else {
                return Vec::new();
            };
            parts.extend(self.sense(&word[begin..end]));
            end = begin;
        }
        parts.reverse();
        parts
    }
}
