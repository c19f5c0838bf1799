import AdapterKit
import Testing

@Suite struct SessionTokenTests {
    private func token(_ body: String, status: Int = 200) -> SessionToken? {
        SessionToken(oauth2: GatewayResponse(status: status, body: Array(body.utf8)))
    }

    @Test(
        "a bearer token is taken for as long as it says, at most a day, five minutes where it does not say",
        arguments: [
            (#"{"access_token":"abc","token_type":"Bearer","expires_in":60}"#, 60),
            (#"{"access_token":"abc","token_type":"bearer","expires_in":3600,"scope":"x"}"#, 3600),
            (#"{"access_token":"abc","token_type":"BEARER"}"#, 300),
            (#"{"access_token":"abc","token_type":"Bearer","expires_in":null}"#, 300),
            (#"{"access_token":"abc","token_type":"Bearer","expires_in":9999999}"#, 86_400),
        ])
    func taken(body: String, seconds: Int64) throws {
        #expect(try #require(token(body)) == SessionToken(secret: Secret(text: "abc"), lifetime: .seconds(seconds)))
    }

    @Test(
        "anything else is no token",
        arguments: [
            "", "{}", "[]", "abc", #"{"access_token":"abc"}"#, #"{"token_type":"Bearer"}"#,
            #"{"access_token":"","token_type":"Bearer"}"#, #"{"access_token":"a b","token_type":"Bearer"}"#,
            #"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#, #"{"access_token":"é","token_type":"Bearer"}"#,
            #"{"access_token":"abc","token_type":"mac"}"#, #"{"access_token":7,"token_type":"Bearer"}"#,
            #"{"access_token":"abc","token_type":"Bearer","expires_in":0}"#,
            #"{"access_token":"abc","token_type":"Bearer","expires_in":-1}"#,
            #"{"access_token":"abc","token_type":"Bearer","expires_in":"60"}"#,
            #"{"access_token":"abc","access_token":"x","token_type":"Bearer"}"#,
            #"{"access_token":"\#(String(repeating: "a", count: 8193))","token_type":"Bearer"}"#,
        ])
    func refused(body: String) {
        #expect(token(body) == nil)
    }

    @Test("another status gives none", arguments: [201, 302, 400, 401, 500])
    func status(_ status: Int) {
        #expect(token(#"{"access_token":"abc","token_type":"Bearer"}"#, status: status) == nil)
    }
}
