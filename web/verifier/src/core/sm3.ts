// SPDX-License-Identifier: Apache-2.0
/** SM3 (GB/T 32905-2016), which the libraries of the other digests do not have. */

const START = [
  0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
];
const BLOCK = 64;

const rotate = (value: number, by: number) => (value << by) | (value >>> ((32 - by) % 32));
const spread0 = (x: number) => x ^ rotate(x, 9) ^ rotate(x, 17);
const spread1 = (x: number) => x ^ rotate(x, 15) ^ rotate(x, 23);

/** The digest, 32 bytes. */
export function sm3(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const state = Int32Array.from(START);
  for (let at = 0; at < padded.length; at += BLOCK) compress(state, view, at);
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  state.forEach((word, index) => out.setInt32(4 * index, word));
  return digest;
}

function compress(state: Int32Array, view: DataView, start: number): void {
  const words = new Int32Array(68);
  const w = (index: number) => words[index] as number;
  for (let j = 0; j < 16; j++) words[j] = view.getInt32(start + 4 * j);
  for (let j = 16; j < 68; j++) {
    const mixed = spread1(w(j - 16) ^ w(j - 9) ^ rotate(w(j - 3), 15));
    words[j] = mixed ^ rotate(w(j - 13), 7) ^ w(j - 6);
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let j = 0; j < 64; j++) {
    const early = j < 16;
    const constant = rotate(early ? 0x79cc4519 : 0x7a879d8a, j % 32);
    const ss1 = rotate((rotate(a, 12) + e + constant) | 0, 7);
    const ss2 = ss1 ^ rotate(a, 12);
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + ss2 + (w(j) ^ w(j + 4))) | 0;
    const tt2 = (gg + h + ss1 + w(j)) | 0;
    [d, c, b, a] = [c, rotate(b, 9), a, tt1];
    [h, g, f, e] = [g, rotate(f, 19), e, spread0(tt2)];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    state[index] = (state[index] as number) ^ word;
  });
}
