import DOMPurify from 'dompurify'
import mermaid from 'mermaid'

// Labels go through a sanitizer that wants a browser's document. What is asked here is only whether the text parses.
Object.assign(DOMPurify, { addHook() {}, sanitize: (text) => text })

export const parse = (diagram) => mermaid.parse(diagram)
