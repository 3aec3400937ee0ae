/** Mermaid's own parser, without its types, which need those of a browser. Rejects when the text is no diagram. */
export function parse(diagram: string): Promise<{ readonly diagramType: string }>
