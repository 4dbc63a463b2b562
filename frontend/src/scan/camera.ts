// From light to text: the camera, a photo, and the reader of codes.
import { prepareZXingModule } from "zxing-wasm/reader";
import { textOf, WIDEST } from "./reader";

export const prepare = (wasm: string) =>
  prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });

const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true })!;

async function read(source: CanvasImageSource, width: number, height: number): Promise<string | null> {
  const scale = Math.min(1, WIDEST / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return textOf(context.getImageData(0, 0, canvas.width, canvas.height));
}

export async function ofPhoto(file: Blob): Promise<string | null> {
  const picture = await createImageBitmap(file);
  try {
    return await read(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

export class Camera {
  private stream: MediaStream | null = null;
  private turn = 0; // odd while it runs; another number for each time

  /** `seen` is waited for: whoever judges a code has the processor to himself. */
  constructor(private video: HTMLVideoElement, private seen: (text: string) => Promise<void>) {}

  /** Show what the camera sees and tell each code, until stopped. Throws where there is no camera or no leave. */
  async start(): Promise<void> {
    this.stream ??= await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
    this.video.srcObject = this.stream;
    await this.video.play();
    if (this.turn % 2) return;
    const turn = ++this.turn;
    while (this.turn === turn) {
      const { videoWidth: width, videoHeight: height } = this.video;
      const text = width ? await read(this.video, width, height) : null;
      if (text && this.turn === turn) await this.seen(text);
      await new Promise(requestAnimationFrame);
    }
  }

  stop(): void {
    this.turn += this.turn % 2;
    this.video.pause();
  }

  get hasTorch(): boolean {
    const track = this.stream?.getVideoTracks()[0];
    return !!(track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch;
  }

  async torch(on: boolean): Promise<void> {
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
  }
}
