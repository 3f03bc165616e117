// Draws the icons of the installable app from favicon.svg: systems that install it want them as PNG (W3C Web
// Application Manifest §icons). Understands what stands in that file and no more: a ground of rounded corners, and
// strokes of straight lines and arcs.
import { deflateSync } from "node:zlib";

const ARC_STEPS = 32;
// The share of a maskable icon that no mask cuts off is a circle of 80 %.
const SAFE = 0.72;

export function* drawIcons(svg) {
  const drawing = read(svg);
  yield ["icon-192", png(192, (x, y) => onGround(drawing, x, y, 1, true))];
  yield ["icon-512", png(512, (x, y) => onGround(drawing, x, y, 1, true))];
  yield ["icon-maskable-512", png(512, (x, y) => onGround(drawing, x, y, SAFE, false))];
  yield ["icon-apple-180", png(180, (x, y) => onGround(drawing, x, y, 0.86, false))];
  yield ["badge-96", png(96, (x, y) => strokesAlone(drawing, x, y))];
}

// --- reading ----------------------------------------------------------------------------------------------

function read(svg) {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const rect = /<rect ([^>]+)>/.exec(svg)?.[1] ?? "";
  const strokes = [...svg.matchAll(/<path ([^>]+)>/g)].map(([, attributes]) => ({
    points: points(attribute(attributes, "d")),
    color: color(attribute(attributes, "stroke")),
    half: Number(attribute(attributes, "stroke-width")) / 2,
  }));
  if (!size || strokes.length === 0) throw new Error("favicon.svg is not what icons.mjs can draw");
  return { size, ground: color(attribute(rect, "fill")), radius: Number(attribute(rect, "rx")), strokes };
}

function attribute(attributes, name) {
  const found = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes);
  if (!found) throw new Error(`favicon.svg: no ${name} in ${attributes}`);
  return found[1];
}

function color(text) {
  const digits = text.slice(1).replace(/^(.)(.)(.)$/, "$1$1$2$2$3$3");
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

function points(path) {
  const found = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const values = (rest.match(/-?\d*\.?\d+/g) ?? []).map(Number);
    if (command === "M") [x, y] = values;
    else if (command === "V") y = values[0];
    else if (command === "v") y += values[0];
    else if (command === "a" && values[0] === values[1] && values[6] === 0 && values[5] === 2 * values[0]) {
      for (let step = 1; step < ARC_STEPS; step++) {
        const angle = Math.PI * (1 - step / ARC_STEPS);
        found.push([x + values[0] * (1 + Math.cos(angle)), y - values[0] * Math.sin(angle)]);
      }
      x += values[5];
    } else throw new Error(`favicon.svg: cannot draw ${command}${rest}`);
    found.push([x, y]);
  }
  return found;
}

// --- drawing: each pixel is [red, green, blue, opacity] -----------------------------------------------------

function onGround(drawing, x, y, scale, isRounded) {
  const [at, across] = [drawing.size * x, drawing.size * y];
  const edge = isRounded ? cover(insideDistance(drawing, at, across), drawing.size) : 1;
  const middle = drawing.size / 2;
  let mixed = drawing.ground;
  for (const stroke of drawing.strokes) {
    const away = distance(stroke.points, middle + (at - middle) / scale, middle + (across - middle) / scale);
    const share = cover((away - stroke.half) * scale, drawing.size);
    mixed = mixed.map((channel, index) => channel + (stroke.color[index] - channel) * share);
  }
  return [...mixed, 255 * edge];
}

function strokesAlone(drawing, x, y) {
  const away = drawing.strokes.map((s) => distance(s.points, drawing.size * x, drawing.size * y) - s.half);
  return [255, 255, 255, 255 * cover(Math.min(...away), drawing.size)];
}

function insideDistance({ size, radius }, x, y) {
  const [dx, dy] = [Math.abs(x - size / 2), Math.abs(y - size / 2)].map((away) => away - size / 2 + radius);
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius;
}

function distance(points, x, y) {
  let least = Infinity;
  for (let index = 1; index < points.length; index++) {
    const [[ax, ay], [bx, by]] = [points[index - 1], points[index]];
    const [lx, ly] = [bx - ax, by - ay];
    const square = lx * lx + ly * ly;
    const along = square ? Math.min(1, Math.max(0, ((x - ax) * lx + (y - ay) * ly) / square)) : 0;
    const [dx, dy] = [x - ax - along * lx, y - ay - along * ly];
    least = Math.min(least, dx * dx + dy * dy);
  }
  return Math.sqrt(least);
}

let pixel = 1;

// Which share of a pixel lies inside an edge that is so far away.
function cover(away, size) {
  return Math.min(1, Math.max(0, 0.5 - (away / size) * pixel));
}

// --- writing (PNG, ISO/IEC 15948) -----------------------------------------------------------------------------

function png(size, colorAt) {
  pixel = size;
  const rows = Buffer.alloc(size * (1 + 4 * size));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const channels = colorAt((column + 0.5) / size, (row + 0.5) / size).map(Math.round);
      rows.set(channels, row * (1 + 4 * size) + 1 + 4 * column);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND")]);
}

function chunk(kind, content = Buffer.alloc(0)) {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), content]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), framed.length - 4);
  return framed;
}

function crc32(octets) {
  let rest = 0xffffffff;
  for (const octet of octets) {
    rest ^= octet;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
