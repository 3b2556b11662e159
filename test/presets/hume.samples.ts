/**
 * Golden samples of Hume's frames, written from the documented fields and from frames seen in public threads, not from the
 * schemas that they test. `null` stands where the server is free to send nothing.
 */

const scores = Object.fromEntries(
  (
    'Admiration, Adoration, Aesthetic Appreciation, Amusement, Anger, Anxiety, Awe, Awkwardness, Boredom, Calmness, Concentration, ' +
    'Confusion, Contemplation, Contempt, Contentment, Craving, Desire, Determination, Disappointment, Disgust, Distress, Doubt, Ecstasy, ' +
    'Embarrassment, Empathic Pain, Entrancement, Envy, Excitement, Fear, Guilt, Horror, Interest, Joy, Love, Nostalgia, Pain, Pride, ' +
    'Realization, Relief, Romance, Sadness, Satisfaction, Shame, Surprise (negative), Surprise (positive), Sympathy, Tiredness, Triumph'
  )
    .split(', ')
    .map((name, index) => [name, index / 100]),
)

/** Every frame of the EVI server, by a name of its own. */
export const eviInbound = {
  chat_metadata: {
    type: 'chat_metadata',
    chat_group_id: '9fc18597-3567-42d5-94d6-935bde84bf2f',
    chat_id: '470a49f6-1dec-4afe-8b61-035d3b2d63b0',
    request_id: '73c75efd-afa2-4e24-a862-91096b0961362258039',
    custom_session_id: null,
  },
  'chat_metadata, only what is required': { type: 'chat_metadata', chat_group_id: 'g', chat_id: 'c' },
  user_message: {
    type: 'user_message',
    custom_session_id: null,
    from_text: false,
    interim: false,
    message: { role: 'user', content: 'Hello there', tool_call: null, tool_result: null },
    models: { prosody: { scores } },
    time: { begin: 1440, end: 2380 },
    language: 'en',
  },
  'user_message, interim': {
    type: 'user_message',
    from_text: false,
    interim: true,
    message: { role: 'user', content: 'Hel' },
    models: { prosody: null },
    time: { begin: 1440, end: 1600 },
  },
  assistant_message: {
    type: 'assistant_message',
    custom_session_id: 'shop-7',
    id: '8b1cbd2e',
    from_text: false,
    is_quick_response: true,
    message: { role: 'assistant', content: 'Hi! How can I help?' },
    models: {},
    language: null,
  },
  'assistant_message, with a tool call and its result': {
    type: 'assistant_message',
    from_text: false,
    is_quick_response: false,
    message: {
      role: 'tool',
      tool_call: {
        type: 'tool_call',
        tool_call_id: 't1',
        name: 'weather',
        parameters: '{"city":"Rome"}',
        response_required: true,
        tool_type: 'function',
      },
      tool_result: { type: 'tool_error', tool_call_id: 't1', error: 'no weather today' },
    },
    models: {},
  },
  assistant_prosody: { type: 'assistant_prosody', id: '8b1cbd2e', models: { prosody: { scores } } },
  audio_output: { type: 'audio_output', custom_session_id: null, id: '8b1cbd2e', index: 0, data: 'UklGRiQAAABXQVZF' },
  assistant_end: { type: 'assistant_end', custom_session_id: null },
  user_interruption: { type: 'user_interruption', time: 1732060800123 },
  tool_call: {
    type: 'tool_call',
    tool_call_id: 'call_m7PTzGxrD0i9oCHiquKIaibo',
    name: 'hang_up',
    parameters: '{}',
    response_required: false,
    tool_type: 'builtin',
  },
  tool_response: {
    type: 'tool_response',
    tool_call_id: 't2',
    content: 'sunny',
    tool_name: 'web_search',
    tool_type: 'builtin',
  },
  tool_error: {
    type: 'tool_error',
    tool_call_id: 't2',
    error: 'offline',
    code: null,
    level: 'warn',
    content: 'Try later',
    tool_type: 'builtin',
  },
  session_settings: {
    type: 'session_settings',
    system_prompt: 'Be brief.',
    audio: { encoding: 'linear16', channels: 1, sample_rate: 16000, codec: null },
    variables: { name: 'Ada', visits: 3, premium: true },
    context: null,
  },
  error: {
    type: 'error',
    custom_session_id: 'shop-7',
    code: 'E0705',
    slug: 'custom_language_model_disconnected',
    message: 'Custom language model disconnected.',
    request_id: '69b09fee-4010-4cf2-be03-947264afb29d3564888',
  },
} as const

/** Every message that a client may send to EVI. */
export const eviOutbound = {
  session_settings: {
    type: 'session_settings',
    custom_session_id: 'shop-7',
    audio: { encoding: 'linear16', channels: 1, sample_rate: 44100 },
    builtin_tools: [{ name: 'web_search', fallback_content: 'I could not look it up.' }, { name: 'hang_up' }],
    tools: [{ type: 'function', name: 'weather', description: 'Weather of a city', parameters: '{"type":"object"}' }],
    context: { text: 'The user is in a hurry.', type: 'persistent' },
    system_prompt: 'Be brief.',
    variables: { name: 'Ada', visits: 3, premium: true },
    voice_id: 'c7aa10be-57c1-4647-9306-7ac48dde3536',
    metadata: { page: '/help', nested: { deep: [1] } },
  },
  'session_settings, context cleared': { type: 'session_settings', context: null },
  audio_input: { type: 'audio_input', data: 'GkXfo59ChoEBQveBAULygQ==' },
  user_input: { type: 'user_input', text: 'Hello', custom_session_id: 'shop-7' },
  assistant_input: { type: 'assistant_input', text: 'Welcome back.' },
  tool_response: { type: 'tool_response', tool_call_id: 't1', content: '{"c":21}', tool_name: 'weather', tool_type: 'function' },
  tool_error: {
    type: 'tool_error',
    tool_call_id: 't1',
    error: 'no such city',
    code: 'E404',
    level: 'warn',
    content: 'I do not know that city.',
  },
  pause_assistant_message: { type: 'pause_assistant_message' },
  resume_assistant_message: { type: 'resume_assistant_message', custom_session_id: 'shop-7' },
} as const

const ids = { generation_id: '795c949a-1510-4a80-9646-7d0863b023ab', request_id: '66e01f90', snippet_id: '37b1b1b1' } as const

export const ttsInbound = {
  audio: {
    type: 'audio',
    ...ids,
    audio: 'UklGRiQAAABXQVZF',
    audio_format: 'wav',
    chunk_index: 0,
    is_last_chunk: false,
    text: 'Hello there.',
    transcribed_text: null,
    utterance_index: 0,
    snippet: null,
  },
  'audio, with its snippet': {
    type: 'audio',
    ...ids,
    audio: '',
    audio_format: 'mp3',
    chunk_index: 4,
    is_last_chunk: true,
    text: 'Hello there.',
    snippet: {
      id: '37b1b1b1',
      generation_id: '795c949a',
      audio: 'SUQzBAAAAAAA',
      text: 'Hello there.',
      timestamps: [{ text: 'Hello', time: { begin: 0, end: 310 }, type: 'word' }],
      transcribed_text: 'hello there',
      utterance_index: 0,
    },
  },
  timestamp: { type: 'timestamp', ...ids, timestamp: { text: 'h', time: { begin: 0, end: 40 }, type: 'phoneme' } },
} as const

export const ttsOutbound = {
  text: { text: 'Hello ' },
  'text with everything': {
    text: 'there.',
    description: 'calm, low',
    voice: { name: 'Ava Song', provider: 'HUME_AI' },
    speed: 1.1,
    trailing_silence: 0.5,
    flush: true,
  },
  'voice by id': { text: 'Hi', voice: { id: 'c7aa10be', provider: 'CUSTOM_VOICE' } },
  flush: { flush: true },
  close: { close: true },
} as const
