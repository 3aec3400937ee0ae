/** Optional packages that some entry of the lockfile asks for and the lockfile does not hold: `{ name, version, owner }`. */
export function missingOptionalPackages(lockfile) {
  const missing = []
  for (const [owner, entry] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!resolves(lockfile.packages, owner, name)) missing.push({ name, version, owner })
    }
  }
  return missing
}

/**
 * Paths of entries that record an address to download from, as one of a private host; links inside the repository are not
 * counted. Without an address, every machine asks its own registry, and the checksum decides.
 */
export function entriesWithAddress(lockfile) {
  return Object.entries(lockfile.packages)
    .filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)
    .map(([path]) => path)
}

/** As Node looks for a module: beside the owner first, then in every folder above it. */
function resolves(packages, owner, name) {
  for (let folder = owner; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const prefix = folder === '' ? '' : `${folder}/`
    if (`${prefix}node_modules/${name}` in packages) return true
    if (folder === '') return false
  }
}

/** Paths of entries that are fetched without a checksum, or with a weak one. */
export function entriesWithoutIntegrity(lockfile) {
  return Object.entries(lockfile.packages)
    .filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
    .filter(([, { integrity }]) => integrity === undefined || !/^sha(?:256|384|512)-/.test(integrity))
    .map(([path]) => path)
}
