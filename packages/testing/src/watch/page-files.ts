import { readdirSync, readFileSync } from 'node:fs'
import { page } from './page-markup.ts'
import { pageStyle } from './page-style.ts'

/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly content: string
}

let files: Map<string, PageFile> | undefined

/** A file that the page consists of, by its path. */
export function pageFile(path: string): PageFile | undefined {
  files ??= readFiles()
  return files.get(path)
}

// What is served is what was there at the first request, and no path from outside reaches the file system.
function readFiles(): Map<string, PageFile> {
  const folder = new URL('page/', import.meta.url)
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'))
  return new Map([
    ['/', { type: 'text/html', content: page }],
    ['/style.css', { type: 'text/css', content: pageStyle }],
    ...scripts.map((name): [string, PageFile] => [
      `/page/${name}`,
      { type: 'text/javascript', content: readFileSync(new URL(name, folder), 'utf8') },
    ]),
  ])
}
