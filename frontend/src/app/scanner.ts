// Finds a QR code in a picture, or in what the camera sees. Nothing of it leaves the device.

const LARGEST_PICTURE = 1600;
const SMALLER_PICTURE = 700;
const LARGEST_FRAME = 720;
const PICTURE_MS = 1500;
const FRAME_MS = 60;
const BETWEEN_FRAMES_MS = 120;

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

async function ownDetector(): Promise<Detector | null> {
  const Found = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    if (!Found || !(await Found.getSupportedFormats()).includes("qr_code")) return null;
    return new Found({ formats: ["qr_code"] });
  } catch {
    return null;
  }
}

function drawn(source: CanvasImageSource, width: number, height: number, largest: number): ImageData {
  const scale = Math.min(1, largest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const surface = canvas.getContext("2d", { willReadFrequently: true });
  if (!surface) throw new Error("no canvas");
  // A picture may be transparent where its paper is.
  surface.fillStyle = "#fff";
  surface.fillRect(0, 0, canvas.width, canvas.height);
  surface.drawImage(source, 0, 0, canvas.width, canvas.height);
  return surface.getImageData(0, 0, canvas.width, canvas.height);
}

export async function readPicture(picture: Blob): Promise<string | null> {
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(picture);
  } catch {
    return null;
  }
  const own = await ownDetector();
  const seen = own ? await own.detect(image).catch(() => []) : [];
  if (seen[0]) return seen[0].rawValue;
  const { decode } = await import("./qr");
  for (const largest of [LARGEST_PICTURE, SMALLER_PICTURE]) {
    const found = decode(drawn(image, image.width, image.height, largest), PICTURE_MS);
    if (found !== null) return found;
  }
  return null;
}

export class Camera {
  private isOpen = true;

  private constructor(
    readonly video: HTMLVideoElement,
    private readonly stream: MediaStream,
  ) {}

  // Raises if there is no camera, or if the person does not allow it.
  static async open(video: HTMLVideoElement): Promise<Camera> {
    const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    video.srcObject = stream;
    video.muted = true;
    video.playsInline = true;
    await video.play();
    return new Camera(video, stream);
  }

  close(): void {
    this.isOpen = false;
    for (const track of this.stream.getTracks()) track.stop();
    this.video.srcObject = null;
  }

  // What the first code says that comes into view; null once the camera is closed.
  async find(): Promise<string | null> {
    const own = await ownDetector();
    const { decode } = own ? { decode: null } : await import("./qr");
    while (this.isOpen) {
      const { videoWidth, videoHeight } = this.video;
      if (videoWidth > 0) {
        const found = own
          ? (await own.detect(this.video).catch(() => []))[0]?.rawValue
          : decode?.(drawn(this.video, videoWidth, videoHeight, LARGEST_FRAME), FRAME_MS);
        if (found) return found;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_FRAMES_MS));
    }
    return null;
  }
}
