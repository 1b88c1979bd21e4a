/** A drawing as a file. */

export interface Picture {
  svg: string
  width: number
  height: number
}

const SCALE = 2
/** Browsers give up on larger canvases. */
const MOST_PIXELS = 8192

export function saveSvg(picture: Picture, title: string): void {
  save(new Blob([picture.svg], { type: 'image/svg+xml' }), `${fileName(title)}.svg`)
}

export async function savePng(picture: Picture, title: string, background: string): Promise<void> {
  const scale = Math.min(SCALE, MOST_PIXELS / picture.width, MOST_PIXELS / picture.height)
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(picture.width * scale)
  canvas.height = Math.ceil(picture.height * scale)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot draw a picture of that size.')
  context.fillStyle = background
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(await loaded(picture.svg), 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error('This browser cannot make a PNG of this diagram.')
  save(blob, `${fileName(title)}.png`)
}

async function loaded(svg: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  return image
}

function fileName(title: string): string {
  return title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'diagram'
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
