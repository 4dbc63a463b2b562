// How a picture is read: apart from the camera, so that a bench reads exactly as the phone does.
import { readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

// no code of ours is light on dark; half the size is tried too, which reads more of what is blurred
export const OPTIONS: ReaderOptions = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true, tryInvert: false, downscaleFactor: 2 };
/** Pixels: larger pictures are made smaller first. */
export const WIDEST = 1280;

export async function textOf(picture: ImageData): Promise<string | null> {
  const found = await readBarcodes(picture, OPTIONS);
  return found[0]?.isValid ? found[0].text : null;
}
