/// The protocol that a mock gateway speaks; made by the constructor of each face.
public struct GatewayFace: Sendable {
    let face: any Face
}
