/** Charts as plain shapes, without a page: bars stacked by day, and bars that lie. */

/** Units of the picture; it is scaled to the width there is. */
export const WIDTH = 360;
export const HEIGHT = 170;
const LEFT = 46;
const TOP = 12;
const BOTTOM = 24;
const PLOT = HEIGHT - TOP - BOTTOM;
const LYING = { step: 40, two: 54, thick: 12, label: 76, top: 4 } as const;

export interface Series<T> {
  readonly name: string;
  /** Which of the looks 1 to 4 it has. */
  readonly look: 1 | 2 | 3 | 4;
  of(item: T): number | null;
}

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly look: number;
  /** What it stands for, in words. */
  readonly title: string;
}

export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly anchor: "start" | "middle" | "end";
  readonly strong: boolean;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bars: readonly Bar[];
  readonly labels: readonly Label[];
  /** Heights of the lines that go across. */
  readonly lines: readonly { readonly y: number; readonly from: number }[];
}

type Wording = (value: number) => string;

/** The nearest number that is not below `highest`, and whose half is as round as itself. */
export function ceiling(highest: number): number {
  if (!(highest > 0) || !Number.isFinite(highest)) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(highest));
  // One item has no half.
  const steps = power < 10 ? [2, 4, 6, 8] : [1, 2, 4, 6, 8];
  return (steps.find((step) => step * power >= highest * 0.9999) ?? 10) * power;
}

/** Bars of days, each series on top of the one before. */
export function stacked<T>(
  items: readonly T[], name: (item: T) => string, series: readonly Series<T>[], wording: Wording,
): Picture {
  const totals = items.map((item) => series.reduce((sum, each) => sum + value(each, item), 0));
  const top = ceiling(Math.max(0, ...totals));
  const room = (WIDTH - LEFT - 4) / Math.max(1, items.length);
  const width = Math.min(30, Math.max(1.5, room * 0.76));
  const bars = items.flatMap((item, at) => {
    const x = LEFT + room * (at + 0.5) - width / 2;
    let y = HEIGHT - BOTTOM;
    return series.flatMap((each) => {
      const height = (value(each, item) / top) * PLOT;
      y -= height;
      const title = `${name(item)}: ${wording(value(each, item))} ${each.name}`;
      return height > 0 ? [{ x, y, width, height, look: each.look, title }] : [];
    });
  });
  const scale = [0, 0.5, 1].map((part) => ({ part, y: HEIGHT - BOTTOM - part * PLOT }));
  const labels: Label[] = scale.map(({ part, y }) => ({
    x: LEFT - 6, y: y + 4, text: wording(part * top), anchor: "end", strong: false,
  }));
  return {
    width: WIDTH, height: HEIGHT, bars,
    labels: [...labels, ...ends(items.map(name))],
    lines: scale.map(({ y }) => ({ y, from: LEFT })),
  };
}

/** A bar for each row, its name above it; the second series has its bar below the first one's. */
export function lying<T>(
  items: readonly T[], name: (item: T) => string, series: readonly Series<T>[], wording: Wording,
): Picture {
  const step = series.length > 1 ? LYING.two : LYING.step;
  const top = Math.max(0, ...items.flatMap((item) => series.map((each) => value(each, item)))) || 1;
  const bars: Bar[] = [];
  const labels: Label[] = [];
  items.forEach((item, at) => {
    const y = LYING.top + at * step;
    labels.push({ x: 0, y: y + 11, text: shortened(name(item)), anchor: "start", strong: true });
    series.forEach((each, number) => {
      const said = each.of(item);
      if (said === null) {
        return;
      }
      const width = Math.max(1.5, (said / top) * (WIDTH - LYING.label));
      const upper = y + 16 + number * (LYING.thick + 3);
      const title = `${name(item)}: ${wording(said)} ${each.name}`;
      bars.push({ x: 0, y: upper, width, height: LYING.thick, look: each.look, title });
      labels.push({ x: width + 6, y: upper + 10, text: wording(said), anchor: "start", strong: false });
    });
  });
  return { width: WIDTH, height: items.length * step + 2 * LYING.top, bars, labels, lines: [] };
}

/** The first and the last name below the plot; one alone stands in its middle. */
function ends(names: readonly string[]): Label[] {
  const y = HEIGHT - 7;
  const [first] = names;
  const last = names.at(-1);
  if (first === undefined || last === undefined) {
    return [];
  }
  if (names.length === 1) {
    return [{ x: (WIDTH + LEFT) / 2, y, text: first, anchor: "middle", strong: false }];
  }
  return [
    { x: LEFT, y, text: first, anchor: "start", strong: false },
    { x: WIDTH, y, text: last, anchor: "end", strong: false },
  ];
}

function value<T>(series: Series<T>, item: T): number {
  const said = series.of(item);
  return said === null || !Number.isFinite(said) ? 0 : Math.max(0, said);
}

function shortened(name: string): string {
  return name.length > 50 ? `${name.slice(0, 49)}…` : name;
}

export interface Span {
  readonly name: string;
  readonly status: string;
  readonly x: number;
  readonly width: number;
}

interface Timed {
  readonly since: number;
  readonly seconds: number | null;
  readonly stages: readonly {
    readonly name: string;
    readonly status: string;
    readonly since: number | null;
    readonly seconds: number | null;
  }[];
}

/** When each stage of a review ran, from its beginning to `now` or its end. */
export function spans(review: Timed, now: number): readonly Span[] {
  const begun = review.stages.flatMap((each) => (each.since === null ? [] : [{ ...each, since: each.since }]));
  const ends = begun.map(({ since, seconds }) => (seconds === null ? now : since + seconds * 1000));
  const end = Math.max(review.since + 1, ...ends);
  const scale = WIDTH / (end - review.since);
  return begun.map(({ name, status, since }, at) => {
    const x = Math.max(0, since - review.since) * scale;
    const width = Math.max(2, ((ends[at] ?? since) - since) * scale);
    return { name, status, x: Math.min(x, WIDTH - 2), width: Math.min(width, WIDTH - Math.min(x, WIDTH - 2)) };
  });
}
