/// Throw-away P-256 keys: ours are those of protocols/npci-upi.md, 6.
enum UPIKeys {
    static let ownKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp8wmddyeAU4CqSlP
        eBO9k0BOgq3g799B10qQoDELRCmhRANCAATfv0N8Ous5M+lWb3XVZYw0OB4TtfIw
        W5osOskuswkTQlTLxX/uuqX9blKZV4oWqQrLbY0ugYlvnvu3HI2JmJ9X
        -----END PRIVATE KEY-----

        """

    static let ownPublicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE379DfDrrOTPpVm911WWMNDgeE7Xy
        MFuaLDrJLrMJE0JUy8V/7rql/W5SmVeKFqkKy22NLoGJb577txyNiZifVw==
        -----END PUBLIC KEY-----

        """

    static let facadeKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAMDmhRANCAAQm7869DunjSmaRh+GLOpEisvczlFtk
        nMn5+SHp+drYEpAji96cx7szDRUMZ3BN0lrnBVIFdEtvMb9AcHRYctDm
        -----END PRIVATE KEY-----

        """

    static let facadePublicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJu/OvQ7p40pmkYfhizqRIrL3M5Rb
        ZJzJ+fkh6fna2BKQI4venMe7Mw0VDGdwTdJa5wVSBXRLbzG/QHB0WHLQ5g==
        -----END PUBLIC KEY-----

        """
}
