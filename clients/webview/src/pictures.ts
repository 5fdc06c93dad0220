/** Pictures that are pasted or dropped into a prompt. */
import type { Attachment } from "./messages.ts";

const LARGEST = 5 * 1024 * 1024;

/** The pictures among some files, to go with a prompt; throws in words when one is too large. */
export async function picturesOf(files: Iterable<File>): Promise<Attachment[]> {
  const pictures = [...files].filter(({ type }) => type.startsWith("image/"));
  const large = pictures.find(({ size }) => size > LARGEST);
  if (large) throw new Error(`${large.name} is larger than 5 MB, so it does not go with a prompt.`);
  return Promise.all(
    pictures.map(async (file, index) => ({
      uri: `picture:${Date.now()}:${index}`,
      name: file.name,
      picture: { mimeType: file.type, data: await base64(file) },
    })),
  );
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(new Error(`${file.name} cannot be read.`));
    reader.readAsDataURL(file);
  });
}
