import { done } from './answers.ts'

/**
 * A few avatars, voices and roles, always the same. Avatars have the fields of two generations of docs; no page with voices
 * and roles could be found, so theirs are ours. An avatar with a parent is a look; the first one is the parent.
 */
const avatars = [
  avatar('avat_01J8ZK4R2N5M6P7Q8W4T0A1B2C', 'Ada', { isPublic: false }),
  avatar('avat_01J8ZK4R2N5M6P7Q8W4T0A1B2D', 'Ada (Look 1)', { isPublic: false, parent: 'avat_01J8ZK4R2N5M6P7Q8W4T0A1B2C' }),
  avatar('PUBLIC/Avatars/sara-office', 'Sara', { isPublic: true }),
  avatar('PUBLIC/Avatars/tom-studio', 'Tom', { isPublic: true }),
]
const mine = avatars.filter(({ is_public }) => is_public === 0)
const everybodys = avatars.filter(({ is_public }) => is_public === 1)

const voices = [
  { voice_id: 'voic_own', name: 'My voice', is_public: 0 },
  { voice_id: 'voic_calm', name: 'Calm', is_public: 1 },
]
const roles = [
  { role_id: 'role_own', name: 'My role', is_public: 0 },
  { role_id: 'role_support', name: 'Support', is_public: 1 },
]

/** `avatars` as in the older docs, the two other lists as in today's. */
export const listAvatars = (): Response => done({ avatars: mine, my_avatars: mine, public_avatars: everybodys })
export const publicAvatars = (): Response => done({ avatars: everybodys })
export const listVoices = (): Response => done({ voices: voices.filter(({ is_public }) => is_public === 0) })
export const publicVoices = (): Response => done({ voices: voices.filter(({ is_public }) => is_public === 1) })
export const listRoles = (): Response => done({ roles: roles.filter(({ is_public }) => is_public === 0) })
export const publicRoles = (): Response => done({ roles: roles.filter(({ is_public }) => is_public === 1) })

function avatar(avatarId: string, name: string, { isPublic, parent = null }: { isPublic: boolean; parent?: string | null }) {
  const picture = `https://cdn.agenthuman.example/avatars/${avatarId}`
  return {
    avatar_id: avatarId,
    name,
    tags: [isPublic ? 'professional' : 'user_exclusive'],
    preview_url: `${picture}/preview`,
    image_url: `${picture}/image`,
    preview_img_url: `${picture}/preview`,
    parent_id: parent,
    is_favorite: 0,
    is_public: isPublic ? 1 : 0,
    created_at: '2026-01-15T10:30:00Z',
  }
}
