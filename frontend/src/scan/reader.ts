// How a picture is read: apart from the camera, so that a bench reads exactly as the phone does.
import { readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

export const OPTIONS: ReaderOptions = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };
/** Pixels: larger pictures are made smaller first. */
export const WIDEST = 1280;

export async function textOf(picture: ImageData): Promise<string | null> {
  const found = await readBarcodes(picture, OPTIONS);
  return found[0]?.isValid ? found[0].text : null;
}
