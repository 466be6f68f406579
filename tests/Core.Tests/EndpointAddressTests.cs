using Xunit;

namespace Mesh.Core.Tests;

public class EndpointAddressTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("fd00:0::1", "fd00::1")]
    [InlineData("::ffff:10.0.0.1", "::ffff:10.0.0.1")]
    public void An_ip_address_is_taken_in_its_usual_form(string text, string canonical) => Assert.Equal(canonical, EndpointAddress.Canonical(text));

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("0x7f.1")]
    [InlineData("[::1]")]
    [InlineData("fe80::1%eth0")]
    [InlineData("10.0.0.1:80")]
    public void What_others_downstream_could_not_read_is_no_address(string text) => Assert.Null(EndpointAddress.Canonical(text));

    [Theory]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("239.255.255.255", true)]
    [InlineData("ff02::1", true)]
    [InlineData("::ffff:0.0.0.0", true)]
    [InlineData("223.255.255.255", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("fd00::1", false)]
    public void Unspecified_multicast_and_broadcast_are_nobodys(string address, bool nobody) => Assert.Equal(nobody, EndpointAddress.IsNobody(address));
}
