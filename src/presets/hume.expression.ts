/**
 * There is no preset for Hume's Expression Measurement, and this says why: always throws a `TypeError`.
 *
 * Its sockets take their credential in a header of the handshake, which no browser can set. The old one,
 * `wss://api.hume.ai/v0/stream/models`, takes a long-lived API key as `?api_key=` too, which no page may hold. Open the socket
 * on your backend, with `X-Hume-Api-Key`, and relay its results to the page.
 *
 * @see https://dev.hume.ai/docs/introduction/api-key
 * @see https://dev.hume.ai/expression-measurement/docs/authentication
 */
export function humeExpressionMeasurement(): never {
  throw new TypeError(
    "humeExpressionMeasurement: a page cannot open Hume's Expression Measurement by itself. " +
      'wss://api.cloud.hume.ai/v1/expression/audio/realtime and …/video/realtime want the credential in a header of the handshake, ' +
      'which a browser cannot set; the old wss://api.hume.ai/v0/stream/models takes no access token, only a long-lived API key. ' +
      'Open the socket on your backend with the header X-Hume-Api-Key, and relay the results to the page over a socket of your own. ' +
      'See https://dev.hume.ai/expression-measurement/docs/authentication and, for the old one, ' +
      'https://dev.hume.ai/docs/introduction/api-key',
  )
}
