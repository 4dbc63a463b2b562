// Watches the phone's page for bench/scan.py; runs before the page's own scripts and changes nothing in it.
// The film says in its upper edge which of its frames is shown: 16 cells of 40 × 24 pixels (bench/scan.py).
(() => {
  const watch = (window.watch = { camera: null, verdict: null });
  const canvas = document.createElement("canvas"), CELLS = 16;
  const QUIET = 300; // milliseconds after a verdict in which the page tries to send, and sounds
  [canvas.width, canvas.height] = [CELLS, 1];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let main, video;

  /** The number of the frame that the video shows; null when its mark cannot be read. */
  watch.frame = () => {
    context.drawImage(video, 0, 0, CELLS * 40, 24, 0, 0, CELLS, 1);
    const { data } = context.getImageData(0, 0, CELLS, 1);
    const bits = Array.from({ length: CELLS }, (_, n) => (data[n * 4] > 128 ? 1 : 0));
    const value = (from, to) => bits.slice(from, to).reduce((all, bit) => all * 2 + bit, 0);
    return bits[0] === 1 && bits[1] === 0 && value(10, 16) === (~value(2, 10) & 63) ? value(2, 10) : null;
  };

  /** Number of the next frame and when the camera took it, in milliseconds since the page was asked for. */
  watch.next = () =>
    new Promise((done) => {
      const wait = () =>
        video.requestVideoFrameCallback((_, { captureTime }) => {
          const frame = watch.frame();
          if (frame === null || captureTime === undefined) wait();
          else done({ frame, at: captureTime });
        });
      wait();
    });

  /** When what stands in the page now has been painted. */
  const painted = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(0);
      }),
    );

  addEventListener("DOMContentLoaded", () => {
    [main, video] = ["main", "video"].map((id) => document.getElementById(id));
    video.requestVideoFrameCallback((now) => (watch.camera = now));
    new MutationObserver(async () => {
      if (main.dataset.mode !== "verdict") watch.verdict = null;
      else if (watch.verdict === null) {
        watch.verdict = NaN;
        watch.verdict = await painted();
      }
    }).observe(main, { attributeFilter: ["data-mode"] });
  });

  const until = async (holds) => {
    while (!holds()) await new Promise((done) => setTimeout(done, 10));
  };

  /** Scan the next code: from the first frame that has it to the painted verdict. `film`: its times, in milliseconds. */
  watch.scan = async ({ period, cycle, on }) => {
    document.getElementById("again").click();
    await until(() => main.dataset.mode === "camera" && !video.paused);
    const { frame, at } = await watch.next(), within = frame % cycle;
    if (within < on) return null; // a code lies there already
    const shown = at + (cycle - within) * period;
    await until(() => watch.verdict > 0);
    const after = watch.frame(), verdict = document.getElementById("verdict").dataset.verdict;
    await new Promise((done) => setTimeout(done, QUIET));
    const peer = await window.peer?.run(video);
    await until(() => (performance.now() - shown) % (cycle * period) > (on + 3) * period);
    return { latency: watch.verdict - shown, verdict, after, said: document.getElementById("facts").textContent, peer };
  };
})();
