"""Share services (证照共享服务接口, GB/T 36906) behind exchange platforms, as data and words."""
